# A distribution's Linux, unpacked by ./setup --linux, made ready to be
# measured: ARCH=amd64 or another md- folder with proof/linux.

include md-$(ARCH)/arch.mk

DIR = obj/linux/$(ARCH)
MD = md-$(ARCH)/proof/linux
FLAGS = --target=$(TARGET) -std=gnu11 -O2 -g -ffreestanding -fno-pic \
	-fno-stack-protector -Wall -Wextra -Werror -Wmissing-prototypes

all: $(DIR)/symbols

$(DIR)/init: tests/compare/linux/init.c $(MD)/sys.S
	@$(CC) $(FLAGS) -c -o $(DIR)/init.o tests/compare/linux/init.c
	@$(CC) $(FLAGS) -c -o $(DIR)/sys.o $(MD)/sys.S
	@$(LD) -static -o $@ $(DIR)/init.o $(DIR)/sys.o

$(DIR)/initrd: $(DIR)/init
	@$(PERL) tests/compare/linux.pl initrd $(DIR)/init $@

$(DIR)/symbols: $(DIR)/initrd $(DIR)/vmlinuz
	@$(PERL) tests/compare/linux.pl symbols $(MD)/labels $(DIR)/vmlinuz $@

.PHONY: all
