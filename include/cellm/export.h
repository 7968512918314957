/* Marks what libcellm offers; every other symbol of it is hidden. */
#ifndef CELLM_EXPORT_H
#define CELLM_EXPORT_H

#define CELLM_API __attribute__((visibility("default")))

#endif
