# The tests: of the cross-call, which fit into any kernel, and of the kit.
TEST_SRCS = tests/suite.c \
	tests/xcall/util.c tests/xcall/run.c tests/xcall/level.c \
	tests/xcall/table.c tests/xcall/full.c tests/xcall/order.c \
	tests/xcall/object.c tests/xcall/fair.c tests/xcall/wait.c \
	tests/xcall/sync.c tests/xcall/many.c tests/xcall/all.c tests/xcall/only.c \
	tests/xcall/stress.c \
	tests/kit/source.c tests/kit/spl.c tests/kit/softintr.c \
	tests/kit/call.c tests/kit/thread.c tests/kit/sleep.c \
	tests/kit/mutex.c tests/kit/clock.c tests/kit/use.c tests/kit/print.c \
	tests/kit/state.c tests/kit/trap.c tests/kit/entry.c
TEST_SRCS += tests/sweep/sweep.c tests/sweep/level.c tests/sweep/call.c \
	tests/sweep/idle.c
# What is measured, and not tested: suite=compare, suite=time.
TEST_SRCS += tests/compare/one.c tests/compare/many.c tests/compare/time.c
TEST_SRCS += tests/kit/hostile.c tests/kit/die.c
# Three functions of mi/kern/main.c come by way of it.
TEST_MAIN = -Dkern_main=kern_main_plain \
	-Dcpu_hatch=cpu_hatch_plain -Dsoftintr_init=softintr_init_hostile
# What only the architecture knows, for them: tests/proof.h.
TEST_SRCS += md-$(ARCH)/proof/proof.c md-$(ARCH)/proof/hold.S
# Those that act at points, in a kernel of their own.
HOOK_SRCS = tests/hook/hook.c tests/hook/call.c tests/hook/sleep.c
