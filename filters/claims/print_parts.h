/* print_parts.h - what print_tcf.c and print_gpp.c share; for them alone. */
#ifndef CRUMBGATE_FILTERS_CLAIMS_PRINT_PARTS_H
#define CRUMBGATE_FILTERS_CLAIMS_PRINT_PARTS_H

#include "filters/claims/print.h"

const char *restriction_words(enum restriction_type type);

#endif
