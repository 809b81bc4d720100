#!/bin/sh
# h2spec, strict, against the proxy's side towards browsers.
exec bash "$(dirname "$0")/run.sh" h2spec
