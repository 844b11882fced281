# SPDX-License-Identifier: Apache-2.0
# Completion of kheaders(8) for bash.

_kheaders() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} flags
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "status mount install remove prune build import path --help" -- "$cur")
		return
	fi
	case $prev in
	--root)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--from)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	esac
	case $command in
	status | install) flags="--json --root --from --help" ;;
	mount | build) flags="--json --from --help" ;;
	import) flags="--json --archive --help" ;;
	remove | prune | path) flags="--json --root --help" ;;
	*) return ;;
	esac
	case $cur in
	-*) mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur") ;;
	*) [[ $command != @(build|import) ]] || mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	esac
}

complete -o filenames -F _kheaders kheaders
