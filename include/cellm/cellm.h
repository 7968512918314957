/*
 * cellm: language models of few bits per weight on CPUs. The C interface, which every language can
 * call. Functions never let an exception out.
 */
#ifndef CELLM_CELLM_H
#define CELLM_CELLM_H

#include <cellm/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library, "MAJOR.MINOR.PATCH". The text belongs to the library and lives as
 * long as it. Any thread. */
CELLM_API const char* cellm_version(void);

#ifdef __cplusplus
}
#endif

#endif
