/* Streams a model's answer: answer MODEL PROMPT */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <cellm/cellm.h>

/* Nonzero, which ends the answer, if the reader has left or the disk is full. */
static int print(void* failed, uint32_t id, const char* text, size_t bytes) {
  (void)id;
  return *(int*)failed = fwrite(text, 1, bytes, stdout) != bytes || fflush(stdout) != 0;
}

int main(int argc, char** argv) {
  const cellm_chat_message message = {.role = "user", .text = argv[argc - 1]};
  const cellm_generate_options options = {.size = sizeof options, .max_tokens = 256};
  cellm_model_facts facts = {.size = sizeof facts};
  cellm_model* model = NULL;
  cellm_session* session = NULL;
  uint32_t* ids = NULL;
  size_t count = 0;
  int failed = 0;
  if (argc != 3) return fprintf(stderr, "usage: %s MODEL PROMPT\n", argv[0]), 2;
  signal(SIGPIPE, SIG_IGN);
  cellm_status status = cellm_model_open(argv[1], NULL, &model);
  if (!status) status = cellm_model_get_facts(model, &facts);
  if (!status && facts.has_chat_format)
    status = cellm_chat_prompt(model, &message, 1, NULL, &ids, &count);
  else if (!status)
    status = cellm_tokenize(model, argv[2], strlen(argv[2]), 0, &ids, &count);
  if (!status) status = cellm_session_new(model, NULL, &session);
  if (!status) status = cellm_generate(session, ids, count, &options, print, &failed, NULL);
  if (!status && !failed) print(&failed, CELLM_NO_TOKEN, "\n", 1);
  if (status) fprintf(stderr, "error: %s\n", cellm_last_error());
  if (failed) fprintf(stderr, "error: cannot write to standard output\n");
  cellm_free(ids);
  cellm_session_free(session);
  cellm_model_free(model);
  return status || failed ? 1 : 0;
}
