#!/bin/sh
# Judge a gateway: start it in front of a fake of Runway, call it, stop it.
#
#   judge.sh URL COMMAND...
#   judge.sh http://127.0.0.1:3001/api/avatar/connect npm start
#
# JUDGE     the command itself, if it is not on the path
# PROFILE   quick (seconds) or full (a minute or two)
# TIMEOUT   the gateway's own deadline, in seconds
# REPORTS   a folder for report.html, report.json and junit.xml
#
# Exit code: 0 all is well, 1 the gateway breaks its contract, 3 it does not run, 2 and 4 mistakes.
set -eu

if [ $# -lt 2 ]; then
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
judge=${JUDGE:-runway-contracts}
if ! command -v "$judge" > /dev/null; then
  echo "judge.sh: there is no $judge; install it, or set JUDGE to where it is" >&2
  exit 2
fi
url=$1
shift
reports=${REPORTS:-judge-reports}
mkdir -p "$reports"

exec "$judge" check \
  --target "$url" \
  --profile "${PROFILE:-full}" \
  --timeout "${TIMEOUT:-30}" \
  --report "html=$reports/report.html" \
  --report "json=$reports/report.json" \
  --report "junit=$reports/junit.xml" \
  -- "$@"
