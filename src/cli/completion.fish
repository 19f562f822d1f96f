# fish completion for @PROG@: the program itself is asked what may stand where the cursor is.
function __@PROG@_completion
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l lines (@PROG@ @COMPLETE@ $words[2..-1] "$typed" 2>/dev/null)
    test (count $lines) -gt 0; or return
    set -l directive (string sub -s 2 -- $lines[-1])
    set -e lines[-1]
    # Of --flag=value the value alone was offered.
    set -l before (string match -r -- '^-[^=]*=' "$typed")
    if test (count $lines) -gt 0
        for line in $lines
            echo "$before$line"
        end
    else if test "$directive" = 0
        for line in (__fish_complete_path (string replace -- "$before" '' "$typed"))
            echo "$before$line"
        end
    end
end

complete -c @PROG@ -f -a '(__@PROG@_completion)'
