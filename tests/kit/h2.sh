#!/bin/sh
# The outside kit's piece "h2".
exec bash "$(dirname "$0")/run.sh" h2
