# One kernel: ARCH=amd64 or another md- folder, and KIND:
#	mp		what is booted
#	up		for one CPU, without doorbells
#	hook		mp, with md_point() called at every MD_POINT(), and
#			only the tests that act there
#	nopoints	mp, to show that MD_POINT() costs nothing; not booted
# The top Makefile calls this once for each.  They are made in obj/ARCH/KIND,
# or in another folder KERNELS/ARCH/KIND.
#
# What md-X/arch.mk has to set:
#	TARGET		clang's, on a line "TARGET = triple"
#	MD_CFLAGS	what code for a kernel of this architecture needs
#	MD_LDFLAGS	the same for ld.lld
#	MD_SRCS		the files of the folder, *.c and *.S
#	MI_BOOT		those of mi/boot that it uses
#	MD_IMAGE	what is booted: kernel.elf, or Image, the same but flat
#	EFI_TARGET	clang's name for what makes EFI programs, and EFI_NAME the
#			file that firmware looks for; without them there is none
# Beside it stand assym.c, from which assym.h is made, and kernel.ld, which
# defines kernel_text, kernel_etext and kernel_end, and takes .ksyms into the
# read-only data.

include md-$(ARCH)/arch.mk
include tests/files.mk

KERNELS = obj
OBJ = $(KERNELS)/$(ARCH)/$(KIND)
MD = md-$(ARCH)
PERL ?= perl

KERN_SRCS = main.c thread.c mutex.c clock.c intr.c pmem.c printf.c panic.c \
	ksyms.c watchdog.c xcall_use.c string.c
SRCS = mi/xcall/xcall.c $(KERN_SRCS:%=mi/kern/%) $(MI_BOOT:%=mi/boot/%) \
	$(MD_SRCS:%=$(MD)/%) $(TEST_SRCS)
OBJS = $(patsubst %,$(OBJ)/%.o,$(basename $(SRCS)))

DEFS = -DXCALL_MACHINE='"xcall_kern.h"' -DXCALL_WATCH -DXCALL_MANY
ifneq ($(KIND),up)
DEFS += -DMULTIPROCESSOR
endif
ifeq ($(KIND),hook)
DEFS += -DHOOKS
TEST_SRCS += $(HOOK_SRCS)
endif
ifeq ($(KIND),nopoints)
DEFS += -DNOPOINTS
endif
ifneq ($(DIAGNOSTIC),0)
DEFS += -DDIAGNOSTIC
endif

CFLAGS = --target=$(TARGET) -std=gnu11 -O2 -g -ffreestanding -fno-pic \
	-fno-common -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-omit-frame-pointer -momit-leaf-frame-pointer \
	-Wall -Wextra -Werror -Wmissing-prototypes -Wshadow -Wundef \
	$(MD_CFLAGS) $(DEFS) -I$(MD)/include -I$(MD) -I$(OBJ) -Imi/include \
	-Imi/xcall -Imi/kern -Imi/boot -Itests
# Relocations stay in the file, for tests/rules.pl; none is loaded.  The code
# is as the compiler made it: the linker would shorten it by what is adjacent.
LDFLAGS = -T $(MD)/kernel.ld -nostdlib -static --fatal-warnings --no-relax \
	--emit-relocs $(MD_LDFLAGS)

$(OBJ)/mi/kern/main.o: DEFS += $(TEST_MAIN)

all: image $(OBJ)/compile_commands.json
image: $(OBJ)/$(MD_IMAGE)
ifeq ($(KIND),mp)
all order: $(OBJ)/tests/order.ll
endif
efi: $(EFI_NAME:%=$(OBJ)/EFI/BOOT/%)
APPEND =
disk: efi
	@sh mk/image.sh $(OBJ)/EFI $(dir $(OBJ))portkit.img '$(APPEND)'

# Symbols for backtraces: linked once without, then with those of that link.
$(OBJ)/kernel.elf: $(OBJS) $(MD)/kernel.ld mk/ksyms.pl
	@echo "  LD     $@"
	@$(PERL) mk/ksyms.pl </dev/null >$(OBJ)/ksyms.0.c
	@$(CC) $(CFLAGS) -c -o $(OBJ)/ksyms.0.o $(OBJ)/ksyms.0.c
	@$(LD) $(LDFLAGS) -Map=$(OBJ)/kernel.0.map -o $(OBJ)/kernel.0.elf \
	    $(OBJS) $(OBJ)/ksyms.0.o
	@$(PERL) mk/ksyms.pl <$(OBJ)/kernel.0.map >$(OBJ)/ksyms.1.c
	@$(CC) $(CFLAGS) -c -o $(OBJ)/ksyms.1.o $(OBJ)/ksyms.1.c
	@$(LD) $(LDFLAGS) -Map=$(OBJ)/kernel.map -o $@ $(OBJS) $(OBJ)/ksyms.1.o
	@$(LD) --version >$(OBJ)/linker

# The same as a flat file, for those that load one.
$(OBJ)/Image: $(OBJ)/kernel.elf
	@echo "  IMAGE  $@"
	@$(LD) $(LDFLAGS) --oformat=binary -o $@ $(OBJS) $(OBJ)/ksyms.1.o

# The EFI program, with the kernel in it.
EFI_OBJS = $(OBJ)/mi/boot/efi.o $(OBJ)/$(MD)/efi.o
EFI_CFLAGS = --target=$(EFI_TARGET) -std=gnu11 -O2 -ffreestanding \
	-mno-stack-arg-probe -Wall -Wextra -Werror -Wmissing-prototypes \
	-Wshadow -Wundef -Imi/boot -DKERNEL='"$(OBJ)/kernel.stripped"'
$(OBJ)/EFI/BOOT/%.EFI: $(EFI_OBJS)
	@echo "  EFI    $@"
	@mkdir -p $(@D)
	@$(LD) -flavor link -subsystem:efi_application -entry:efi_main \
	    -nodefaultlib -out:$@ $(EFI_OBJS)
$(OBJ)/kernel.stripped: $(OBJ)/kernel.elf
	@$(LD) $(filter-out --emit-relocs,$(LDFLAGS)) -s -o $@ $(OBJS) \
	    $(OBJ)/ksyms.1.o
$(OBJ)/mi/boot/efi.o: mi/boot/efi.c mi/boot/efi.h $(OBJ)/kernel.stripped
	@echo "  CC     $@"
	@mkdir -p $(@D)
	@$(CC) $(EFI_CFLAGS) -c -o $@ $<
$(OBJ)/$(MD)/efi.o: $(MD)/efi.S mi/boot/efi.h $(OBJ)/flags
	@echo "  AS     $@"
	@mkdir -p $(@D)
	@$(CC) $(EFI_CFLAGS) -c -o $@ $<

$(OBJ)/%.o: %.c
	@echo "  CC     $@"
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(OBJ)/%.o: %.S
	@echo "  AS     $@"
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# What the compiler is told, for tests/rules.pl.
$(OBJ)/%.ll: %.c $(OBJ)/flags
	@echo "  IR     $@"
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -g0 -MMD -MP -MT $@ -MF $(@:.ll=.ll.d) -S -emit-llvm \
	    -o $@ $<

# What clang's static analyser has to say, for mk/lint.mk.
analyze: $(patsubst %.c,$(OBJ)/%.analyzed,$(filter %.c,$(SRCS)))
$(OBJ)/%.analyzed: %.c $(OBJ)/flags
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -MMD -MP -MT $@ -MF $@.d --analyze \
	    -Xclang -analyzer-werror -Xclang -analyzer-output=text \
	    -o /dev/null $<
	@touch $@

# Structure offsets for assembler.
$(filter $(MD_SRCS:%.S=$(OBJ)/$(MD)/%.o),$(OBJS)): $(OBJ)/assym.h
$(OBJ)/assym.h: $(MD)/assym.c $(OBJ)/flags
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -MMD -MP -MF $(OBJ)/assym.d -MT $@ -S -o $(OBJ)/assym.s $<
	@sed -n 's/^.*"->\(#define [^"]*\)".*/\1/p' $(OBJ)/assym.s >$@

# Which stage of a port a clause belongs to.
$(OBJ)/tests/suite.o: $(OBJ)/stages.h
$(OBJ)/stages.h: port-guide/stages tests/lib/Stages.pm
	@mkdir -p $(@D)
	@$(PERL) -Itests/lib -MStages -e Stages::header >$@.new
	@mv $@.new $@

# Other flags, or another compiler: everything again.
$(OBJS): $(OBJ)/flags
$(OBJ)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','"'"',$(CC) $(CFLAGS) $(LD) $(LDFLAGS) $(SRCS))' >$@.new
	@cmp -s $@ $@.new && rm $@.new || mv $@.new $@

$(OBJ)/compile_commands.json: $(OBJ)/flags
	@{ echo '['; sep=; for f in $(filter %.c,$(SRCS)); do \
	    printf '%s{"directory":"%s","file":"%s","command":"%s"}' "$$sep" \
	    "$(CURDIR)" "$$f" '$(subst ',,$(subst ",\\\",$(CC) $(CFLAGS))) -c '"$$f"; \
	    sep=','; done; echo ']'; } >$@
	@test $(OBJ) != obj/$(ARCH)/mp || cp $@ compile_commands.json

FORCE:
.PHONY: all image efi disk order analyze FORCE
-include $(OBJS:.o=.d) $(OBJ)/assym.d $(OBJ)/tests/order.ll.d \
	$(OBJS:.o=.analyzed.d)
