# amd64: compiler, linker, and the files of this folder.
TARGET = x86_64-none-elf
MD_CFLAGS = -mno-red-zone -mgeneral-regs-only -mcmodel=kernel \
	-fcf-protection=branch
MD_LDFLAGS = -z max-page-size=4096
MD_IMAGE = kernel.elf
MD_SRCS = locore.S vector.S machdep.c pmap.c trap.c cpu.c ipi.c clock.c \
	cons.c lapic.c
EFI_TARGET = x86_64-unknown-windows
EFI_NAME = BOOTX64.EFI
MI_BOOT = acpi.c

# make RETPOLINE=1: indirect jumps that are not predicted.
ifeq ($(RETPOLINE),1)
MD_CFLAGS += -mretpoline -DRETPOLINE
endif
