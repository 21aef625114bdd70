# The model: mi/xcall/xcall.c, unchanged, on a machine whose every step an
# explorer chooses; one program for each size of the queue.  XCALL= names
# another xcall.c.  The compiler tells of plain accesses, -fsanitize=thread;
# nothing of the sanitizer is linked.

XCALL = mi/xcall/xcall.c
MODEL_SLOTS = 1 2 4
MODELS = $(MODEL_SLOTS:%=obj/model/model-%)
MODEL_CFLAGS = -std=gnu11 -g -O1 -Wall -Wextra -Werror -DMULTIPROCESSOR \
	-DXCALL_MANY -DXCALL_ROUNDS=2 -DXCALL_MACHINE='"machine.h"' \
	-Imi/xcall -Itests/model
MODEL_CFLAGS_1 = -DXCALL_WATCH
MODEL_CFLAGS_4 = -DDIAGNOSTIC

# Always compiled, so that XCALL= is believed.
$(MODELS): MODEL_FLAGS = $(MODEL_CFLAGS) -DXCALL_NSLOT=$* $(MODEL_CFLAGS_$*)
$(MODELS): obj/model/model-%: FORCE
	@mkdir -p $(@D)
	@$(HOSTCC) $(MODEL_FLAGS) -fsanitize=thread -c -o $@.xcall.o $(XCALL)
	@$(HOSTCC) $(MODEL_FLAGS) -fsanitize=thread -c -o $@.scenario.o \
	    tests/model/scenario.c
	@$(HOSTCC) $(MODEL_FLAGS) -O2 -o $@ tests/model/machine.c \
	    tests/model/explore.c $@.xcall.o $@.scenario.o

# Or one scenario, with its number of slots: WORD=post-2.
CHECK_MODELS = $(if $(WORD),$(filter %-$(lastword $(subst -, ,$(WORD))), \
	$(MODELS)),$(MODELS))
check-model: $(CHECK_MODELS)
	@$(PROVE) --timer -j$(JOBS) $(CHECK_MODELS) $(if $(WORD),:: $(WORD))

# All scenarios, some minutes and some gigabytes.
model-full: $(MODELS)
	@for m in $(MODELS); do $$m -d || exit 1; done

FORCE:
.PHONY: check-model model-full FORCE
