# bash completion for @PROG@: the program itself is asked what may stand where the cursor is.
_@PROG@_completion() {
	local line=${COMP_LINE:0:COMP_POINT} program out directive prefix
	local -a words lines

	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=('')
	program=${words[0]}
	type -P -- "$program" >/dev/null || program=@PROG@
	out=$("$program" __completeNoDesc "${words[@]:1}" 2>/dev/null) || return
	mapfile -t lines <<<"$out"
	directive=${lines[-1]#:}
	unset 'lines[-1]'
	[[ $directive =~ ^[0-9]+$ ]] || return
	((directive & 1)) && return
	((directive & 2)) && compopt -o nospace
	COMPREPLY=("${lines[@]}")
	# Where words end at a colon, what stands before it is not written again.
	prefix=${words[-1]}
	[[ $prefix == -*=* ]] && prefix=${prefix#*=}
	if [[ $prefix == *:* && $COMP_WORDBREAKS == *:* ]]; then
		prefix=${prefix%"${prefix##*:}"}
		COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
	fi
	[[ ${#COMPREPLY[@]} -gt 0 ]] || ((directive & 4)) || compopt -o default -o bashdefault
}

complete -F _@PROG@_completion @PROG@
