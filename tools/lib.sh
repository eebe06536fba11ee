# Sourced by the scripts beside it: the root of the checkout, and words for the person watching.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
venv=$root/.venv

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
fail() { printf '%s: error: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Prints the comment at the top of the calling script when it is asked for help.
help_if_asked() {
  case "${1:-}" in
  -h | --help) sed -n '2,/^[^#]/{/^#/{s/^# \{0,1\}//p}}' "$0"; exit 0 ;;
  esac
}
