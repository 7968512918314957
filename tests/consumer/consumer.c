/* Prints the version of the library that it runs with. */
#include <stdio.h>

#include <cellm/cellm.h>

int main(void) {
  puts(cellm_version());
  return 0;
}
