/* Prints the version of the library that it runs with, if that is the one of its header. */
#include <stdio.h>

#include <cellm/cellm.h>

static int on_token(void* user, uint32_t id, const char* text, size_t bytes) {
  (void)user;
  (void)text;
  return bytes == 0 && id == CELLM_NO_TOKEN;
}

int main(void) {
  const cellm_model_options options = {.size = sizeof options};
  const cellm_job_control control = {.size = sizeof control};
  const cellm_on_token callback = on_token;
  cellm_model* model = NULL;
  if (cellm_abi_version() != CELLM_ABI_VERSION) return 1;
  if (cellm_model_open(NULL, &options, &model) != CELLM_ERROR_USAGE) return 2;
  if (control.on_progress != NULL || callback(NULL, CELLM_NO_TOKEN, "", 0) == 0) return 3;
  puts(cellm_version());
  return 0;
}
