#!/bin/sh
# The outside kit's piece "h2_front1".
exec bash "$(dirname "$0")/run.sh" h2_front1
