# @ARCH@: compiler, linker, and the files of this folder.  What each variable
# is for stands at the head of mk/kernel.mk.
TARGET = @TARGET@
MD_CFLAGS =
MD_LDFLAGS = -z max-page-size=4096
MD_IMAGE = kernel.elf
MD_SRCS = locore.S vector.S machdep.c pmap.c trap.c cpu.c ipi.c clock.c \
	cons.c stub.c
MI_BOOT =
