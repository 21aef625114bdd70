# arm64: compiler, linker, and the files of this folder.
TARGET = aarch64-none-elf
MD_CFLAGS = -mgeneral-regs-only -mstrict-align -mno-outline-atomics \
	-mbranch-protection=bti -ffixed-x18
MD_LDFLAGS = -z max-page-size=4096
MD_IMAGE = Image
MD_SRCS = locore.S vector.S machdep.c pmap.c trap.c cpu.c ipi.c clock.c \
	cons.c gicv2.c gicv3.c
EFI_TARGET = aarch64-unknown-windows
EFI_NAME = BOOTAA64.EFI
MI_BOOT = fdt.c bootfdt.c
