#!/bin/sh
# The outside kit's piece "h2_flood".
exec bash "$(dirname "$0")/run.sh" h2_flood
