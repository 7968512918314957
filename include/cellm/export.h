/* Marks the exported symbols of libcellm; all others are hidden. */
#ifndef CELLM_EXPORT_H
#define CELLM_EXPORT_H

#define CELLM_API __attribute__((visibility("default")))

#endif
