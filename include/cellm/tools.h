/*
 * Calls of functions in the C interface. Included by cellm.h, whose rules hold here too.
 *
 * Messages and functions are JSON of OpenAI's form (the reference of Chat Completions). A model
 * whose chat template writes functions gets them from it, in the form that it was trained on; for
 * another model they are described in text, in Hermes' form.
 */
#ifndef CELLM_TOOLS_H
#define CELLM_TOOLS_H

#include <cellm/cellm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The functions that an answer may call, and the form in which the model calls them. Thread-safe.
 * `request`: a JSON object, of which the members tools, tool_choice and parallel_tool_calls are
 * read; without tools no function is called. `options` as for cellm_chat_prompt(); may be NULL.
 * CELLM_ERROR_USAGE for what is malformed, CELLM_ERROR_UNSUPPORTED for what is not supported, also
 * in the schema of a function that is strict. */
CELLM_API cellm_status cellm_tools_new(const cellm_model* model, const char* request,
                                       const cellm_chat_options* options, cellm_tools** tools);
CELLM_API void cellm_tools_free(cellm_tools* tools);

/* The ids of a conversation with these functions, ending with the start of the assistant's answer.
 * `messages`: a JSON array. A content is a text or a list of parts of text; tool_calls of the
 * assistant, and the results with the role "tool", are read. Errors are those of
 * cellm_chat_prompt(). Free *ids with cellm_free(). */
CELLM_API cellm_status cellm_tools_prompt(const cellm_tools* tools, const char* messages,
                                          uint32_t** ids, size_t* count);

typedef enum cellm_tool_event_kind {
  CELLM_TOOL_CONTENT = 0,  /* text that belongs to no call */
  CELLM_TOOL_CALL = 1,     /* a call begins */
  CELLM_TOOL_ARGUMENTS = 2 /* more of its arguments, which are the text of a JSON object */
} cellm_tool_event_kind;

typedef struct cellm_tool_event {
  size_t size;
  int kind;         /* cellm_tool_event_kind */
  size_t index;     /* of the call, from 0; CONTENT: 0 */
  const char* text; /* CONTENT, ARGUMENTS; with a zero behind it; else empty */
  size_t bytes;     /* of text */
  const char* id;   /* CALL: 9 letters and digits; else empty */
  const char* name; /* CALL: of the function; else empty */
} cellm_tool_event;

/* The event and its texts are valid during the call. */
typedef void (*cellm_on_tool_event)(void* user, const cellm_tool_event* event);

/* Splits the text of an answer into content and calls; for one thread at a time. `id_seed`: of the
 * calls' ids, another one for each answer. */
typedef struct cellm_tool_reader cellm_tool_reader;
CELLM_API cellm_status cellm_tool_reader_new(const cellm_tools* tools, uint64_t id_seed,
                                             cellm_tool_reader** reader);
CELLM_API void cellm_tool_reader_free(cellm_tool_reader* reader);
/* Takes more of the text, without its reasoning, and reports what is certain now. How the text is
 * divided changes neither content nor calls. With `last` nonzero no text follows: another push is
 * CELLM_ERROR_USAGE. A call that breaks off or is malformed is content. */
CELLM_API cellm_status cellm_tool_reader_push(cellm_tool_reader* reader, const char* text,
                                              size_t bytes, int last, cellm_on_tool_event on_event,
                                              void* user);

#ifdef __cplusplus
}
#endif

#endif
