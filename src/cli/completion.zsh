#compdef @PROG@
# zsh completion for @PROG@: the program itself is asked what may stand where the cursor is.
_@PROG@() {
	local directive line
	local -a lines offered

	# What has been typed, without its quotes, and nothing of what stands behind the cursor.
	lines=("${(@f)$(${~words[1]} @COMPLETE@ "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
	directive=${lines[-1]#:}
	lines[-1]=()
	[[ $directive == <-> ]] && ((!(directive & 1))) || return 1
	[[ $PREFIX == -*=* ]] && compset -P '*='
	for line in $lines; do
		line=${line//:/\\:}
		offered+=("${line/$'\t'/:}")
	done
	if ((${#offered})); then
		_describe -t words word offered
	elif ((!(directive & 4))); then
		_files
	fi
}

if [[ ${funcstack[1]} == _@PROG@ ]]; then
	_@PROG@ "$@"
else
	compdef _@PROG@ @PROG@
fi
