#!/bin/sh
# The outside kit's piece "badcerts".
exec bash "$(dirname "$0")/run.sh" badcerts
