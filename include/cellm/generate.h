/*
 * Generation in the C interface: how tokens are chosen and when an answer ends. Included by
 * cellm.h, whose rules hold here too.
 */
#ifndef CELLM_GENERATE_H
#define CELLM_GENERATE_H

#include <cellm/cellm.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cellm_stop_reason {
  CELLM_STOP_END = 0,     /* the model ended its answer */
  CELLM_STOP_LENGTH = 1,  /* max_tokens reached */
  CELLM_STOP_CONTEXT = 2, /* the session is full */
  CELLM_STOP_CALLER = 3,  /* the callback or the cancel token asked for it */
  CELLM_STOP_STRING = 4,  /* the text has a stop string */
  CELLM_STOP_LOOP = 5     /* the text repeats itself */
} cellm_stop_reason;

/* The reaction to a text that repeats a span of at most 512 tokens three times and more, at
 * least 96 tokens in all. */
typedef enum cellm_on_loop {
  CELLM_LOOP_IGNORE = 0,
  CELLM_LOOP_STOP = 1,
  CELLM_LOOP_RESAMPLE = 2 /* go on with DRY, multiplier 0.8; end at the next loop */
} cellm_on_loop;

/* Functions that an answer may call; see tools.h. */
typedef struct cellm_tools cellm_tools;

typedef struct cellm_logit_bias {
  uint32_t id;
  float bias; /* added to the logit; -INFINITY: the token is never chosen */
} cellm_logit_bias;

/* The constraint on an answer. docs/constrained-output.md says what is supported. */
typedef enum cellm_constraint {
  CELLM_CONSTRAINT_NONE = 0,
  CELLM_CONSTRAINT_JSON_SCHEMA = 1, /* JSON that satisfies a schema (draft 2020-12) */
  CELLM_CONSTRAINT_JSON_OBJECT = 2, /* any JSON object; takes no text */
  CELLM_CONSTRAINT_REGEX = 3,       /* a text that an expression matches as a whole */
  CELLM_CONSTRAINT_CHOICE = 4,      /* one of the texts */
  CELLM_CONSTRAINT_GRAMMAR = 5      /* a text of the rule root of a grammar in llama.cpp's GBNF */
} cellm_constraint;

/* Prompt lookup: tokens that an earlier part of the text suggests are read together with the latest
 * one, and count as far as they are what would have been chosen. The text, its log probabilities
 * and the session do not depend on it, only the time does. */
typedef enum cellm_lookup {
  CELLM_LOOKUP_AUTO = 0, /* while it is faster, by times measured during the answer */
  CELLM_LOOKUP_ON = 1,
  CELLM_LOOKUP_OFF = 2
} cellm_lookup;

/* Steps are taken in the order: bias, penalties, DRY, top_n_sigma, top_k, typical_p, top_p, min_p,
 * xtc, temperature. */
typedef struct cellm_generate_options {
  size_t size;
  size_t max_tokens;    /* 0: as many as fit */
  float temperature;    /* 0: greedy, the most probable token */
  size_t top_k;         /* 0: all tokens */
  float top_p;          /* 0: all tokens */
  float min_p;          /* relative to the most probable token */
  float repeat_penalty; /* divides the logits of recent tokens; 0 or 1: none */
  size_t repeat_window; /* tokens that are recent; 0: 64 */
  uint64_t seed;
  int ignore_end;             /* nonzero: go on after the end of the answer */
  int no_tokens;              /* nonzero: feed the prompt, generate nothing */
  const cellm_cancel* cancel; /* asked between batches of the prompt and tokens; may be NULL */

  float presence_penalty;  /* subtracted from the logits of recent tokens */
  float frequency_penalty; /* the same, for each occurrence */
  float top_n_sigma;     /* only logits within so many standard deviations of the largest; 0: all */
  float typical_p;       /* locally typical sampling; 0 or 1: all tokens */
  float xtc_probability; /* of leaving out all top choices but the last; 0: never */
  float xtc_threshold;   /* the probability of a top choice; 0: 0.1 */
  /* DRY: a token that continues a repetition of n tokens has its logit lowered by
   * multiplier · base^(n − allowed_length). */
  float dry_multiplier;            /* 0: off; 0.8 is usual */
  float dry_base;                  /* 0: 1.75 */
  size_t dry_allowed_length;       /* 0: 2 */
  size_t dry_window;               /* latest tokens in which repetitions are looked for; 0: all */
  const char* const* dry_breakers; /* repetitions end there; NULL: "\n", ":", "\"" and "*" */
  size_t dry_breakers_count;
  const cellm_logit_bias* logit_bias;
  size_t logit_bias_count;
  size_t min_tokens; /* before so many, no token ends the answer */
  /* Texts that end the answer and are left out of it. One that is a control token's spelling stands
   * for that token. They need a tokenizer. */
  const char* const* stop_strings;
  size_t stop_strings_count;
  int on_loop;         /* cellm_on_loop */
  int logprobs;        /* nonzero: report the log probability of each token */
  size_t top_logprobs; /* and so many of the most probable tokens in its place; 1000 at most */
  /* Reasoning is the text between <think> and </think> at the beginning of an answer, or up to
   * </think> if the prompt ends with <think>. Both need a tokenizer. */
  int split_thinking;     /* nonzero: report reasoning and answer apart in the result */
  size_t thinking_budget; /* after so many tokens of reasoning </think> is forced; 0: never */
  /* A cellm_constraint, and the schema, expression, grammar or choices. Tokens that no such text
   * goes on with are never chosen. It holds from the first token; with split_thinking or
   * thinking_budget behind the reasoning, which there may be if the prompt has begun it, or if the
   * model's chat template has its tags, no_reasoning is not set and the prompt does not end with
   * </think>. It needs a tokenizer. CELLM_ERROR_UNSUPPORTED, before the prompt is fed, names what
   * is not supported. A model keeps the latest 16 constraints compiled. */
  int constraint;
  const char* const* constraint_texts;
  size_t constraint_texts_count; /* CHOICE: 1 or more; JSON_OBJECT: 0; else 1 */
  int no_reasoning; /* nonzero: the prompt is of another chat template, without the tags */
  size_t draft_max; /* tokens read ahead by lookup at most, up to 63; 0: 16 */
  int lookup;       /* cellm_lookup */
  /* Functions that the answer may call, of the same opened model; NULL: none. Their calls are held
   * to the form of the model; with a constraint, the answer is of its form or consists of calls.
   * Control tokens that are part of the form have their spelling as text. */
  const cellm_tools* tools;
} cellm_generate_options;

typedef struct cellm_logprob {
  uint32_t id;
  float logprob; /* ln p by the softmax of the model's logits, before all steps of sampling */
} cellm_logprob;

typedef struct cellm_generate_result {
  size_t size;
  int stop_reason;         /* cellm_stop_reason */
  size_t prompt_tokens;    /* fed */
  size_t generated_tokens; /* without the one that ended the answer, with those of a stop string */
  size_t decoded_tokens;   /* fed after the prompt, each for the next */
  double prompt_seconds;
  double decode_seconds;
  /* NULL unless asked for: for each generated token logprobs_per_token entries, the token itself
   * and the most probable ones in order. To be freed with cellm_free(). */
  cellm_logprob* logprobs;
  size_t logprobs_per_token;
  /* NULL unless split_thinking is set: the two parts of the text, without line breaks around the
   * tags. To be freed with cellm_free(). */
  char* reasoning;
  char* answer;
  size_t thinking_tokens; /* of the generated ones, those of the reasoning and its closing tag */
  size_t drafted_tokens;  /* read ahead by lookup */
  size_t accepted_tokens; /* of these, those that were right */
} cellm_generate_result;

#define CELLM_NO_TOKEN 0xFFFFFFFFu

/* Called on the calling thread for each token as soon as it is known. text: what it completes,
 * whole characters, with a zero behind it; may be empty, as it is for a model without tokenizer and
 * while a stop string may begin there. At the end, what was held back and what stands for an
 * incomplete character come in one more call, with CELLM_NO_TOKEN. Nonzero ends the answer. */
typedef int (*cellm_on_token)(void* user, uint32_t id, const char* text, size_t bytes);

/* Feeds the prompt and generates. `options`, `on_token` and `result` may be NULL. The token that
 * ends an answer is neither reported nor fed, the last one of another answer reported but not fed.
 */
CELLM_API cellm_status cellm_generate(cellm_session* session, const uint32_t* prompt, size_t count,
                                      const cellm_generate_options* options,
                                      cellm_on_token on_token, void* user,
                                      cellm_generate_result* result);

typedef enum cellm_sampling_source {
  CELLM_SAMPLING_FILE = 0, /* the model's generation_config.json, a GGUF's general.sampling.* */
  CELLM_SAMPLING_CARD = 1  /* what its maker's model card asks for beyond that file, if known */
} cellm_sampling_source;

/* How a model wants to be sampled. NAN, and SIZE_MAX for top_k: it does not say. */
typedef struct cellm_sampling {
  size_t size;
  float temperature; /* 0: greedy */
  size_t top_k;      /* 0: all tokens */
  float top_p;
  float min_p;
  float repeat_penalty;
  float presence_penalty;
  float frequency_penalty;
} cellm_sampling;

/* Fills the fields that fit into sampling->size. cellm_generate() does not use them by itself. */
CELLM_API cellm_status cellm_model_get_sampling(const cellm_model* model, int source,
                                                cellm_sampling* sampling);

#ifdef __cplusplus
}
#endif

#endif
