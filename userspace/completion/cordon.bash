# SPDX-License-Identifier: GPL-2.0-only
# bash completion for cordon(8). The words come from the program itself, so they are its own.
_cordon()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}

	if ((COMP_CWORD == 1)) || { ((COMP_CWORD == 2)) && [[ $previous == help ]]; }; then
		mapfile -t COMPREPLY < <(compgen -W "$(cordon help --words)" -- "$current")
		return
	fi
	if ((COMP_CWORD == 2)) && [[ $previous == ledger ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'keygen enroll verify anchors export cat' -- "$current")
		return
	fi
	if [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(cordon help --words "${COMP_WORDS[1]}")" -- "$current")
		return
	fi
	case $previous in
	--verdict)
		mapfile -t COMPREPLY < <(compgen -W "$(cordon help --names verdict)" -- "$current")
		;;
	--reason)
		mapfile -t COMPREPLY < <(compgen -W "$(cordon help --names reason)" -- "$current")
		;;
	*)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		;;
	esac
}
complete -o filenames -F _cordon cordon
