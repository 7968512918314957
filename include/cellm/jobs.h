/*
 * The jobs of the C interface: converting, tuning and measuring models. Included by cellm.h, whose
 * rules hold here too. Different jobs may run on different threads at a time.
 */
#ifndef CELLM_JOBS_H
#define CELLM_JOBS_H

#include <cellm/cellm.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cellm_job_control {
  size_t size;
  /* Progress of a stage ("converting", "tuning", ...), on the calling thread; nonzero cancels the
   * job. May be NULL. */
  int (*on_progress)(void* user, const char* stage, uint64_t done, uint64_t total);
  void* user;
  const cellm_cancel* cancel; /* may be NULL */
} cellm_job_control;

/* A cancelled job returns CELLM_CANCELLED. An unfinished conversion along a text and unfinished
 * tuning keep their state in OUTPUT.*.partial, from which the same call goes on. `control` and
 * `result` may be NULL. */

typedef struct cellm_convert_options {
  size_t size;
  const char* input;     /* Hugging Face folder, .gguf or .cellm file */
  const char* output;    /* appears whole or not at all */
  const char* format;    /* "int4-g32", "t2", ...; NULL: "int4-g32", or chosen for target_bits */
  double target_bits;    /* bits per weight of the whole file; 0: by `format` */
  const char* embedding; /* format of the embedding; NULL: the default */
  const char* calibrate; /* a text file or "default"; NULL: none, or "default" for target_bits */
  size_t tune_tokens; /* tokens to train scales on afterwards; 0: none, or 60000 for target_bits */
  int text_only;      /* leave vision and multi-token prediction out */
  int packed;         /* store weights in the order in which the engine multiplies */
  int follow_links;   /* as in cellm_model_options, like target and threads */
  const char* target;
  unsigned threads;
} cellm_convert_options;

typedef struct cellm_convert_result {
  size_t size;
  uint64_t file_bytes;
  double bits_per_weight;
  double kld; /* with target_bits: mean KL divergence from the input in nats a token; else NaN */
} cellm_convert_result;

CELLM_API cellm_status cellm_convert(const cellm_convert_options* options,
                                     const cellm_job_control* control,
                                     cellm_convert_result* result);

/* Trains the scales and norms of a file towards the model that it was made of. */
typedef struct cellm_tune_options {
  size_t size;
  const char* file;      /* .cellm file */
  const char* reference; /* the model it was made of */
  const char* output;    /* NULL: the file itself */
  const char* text;      /* a text file; NULL: the default text and what the reference writes */
  size_t tokens;         /* 0: 60000 */
  int follow_links;      /* as in cellm_model_options, like target and threads */
  const char* target;
  unsigned threads;
} cellm_tune_options;

typedef struct cellm_tune_result {
  size_t size;
  double kld_before; /* nats a token, on text that was not trained on */
  double kld_after;
  size_t tokens; /* that the new values were trained on; 0: nothing better was found */
} cellm_tune_result;

CELLM_API cellm_status cellm_tune(const cellm_tune_options* options,
                                  const cellm_job_control* control, cellm_tune_result* result);

typedef struct cellm_evaluate_options {
  size_t size;
  const char* model;
  const char* text;      /* UTF-8 file */
  const char* reference; /* NULL: no comparison */
  size_t window;         /* tokens; 0: 512 */
  size_t max_tokens;     /* 0: all */
  int activations;       /* cellm_activations */
  int follow_links;      /* as in cellm_model_options, like target and threads */
  const char* target;
  unsigned threads;
} cellm_evaluate_options;

typedef struct cellm_evaluate_result {
  size_t size;
  double perplexity;
  size_t predictions;
  double kld;  /* mean KL divergence from the reference in nats a token; NaN without one, as top1 */
  double top1; /* share of predictions with the same first choice, 0 to 1 */
} cellm_evaluate_result;

CELLM_API cellm_status cellm_evaluate(const cellm_evaluate_options* options,
                                      const cellm_job_control* control,
                                      cellm_evaluate_result* result);

#ifdef __cplusplus
}
#endif

#endif
