# The cross-call by itself: ARCH=amd64 or another md- folder.  Its undefined
# symbols are what it asks of a kernel, and the linker names them.

include md-$(ARCH)/arch.mk

OBJ = obj/$(ARCH)/alone
FLAGS = --target=$(TARGET) -std=gnu11 -O2 -ffreestanding -Wall -Wextra -Werror \
	-Wmissing-prototypes $(MD_CFLAGS)

alone:
	@mkdir -p $(OBJ)
	@for opt in "" -DDIAGNOSTIC "-DXCALL_WATCH -DXCALL_MANY"; do \
	    $(CC) $(FLAGS) -DMULTIPROCESSOR $$opt -c -o $(OBJ)/xcall.o \
		mi/xcall/xcall.c || exit 1; \
	    $(LD) --error-limit=0 -o /dev/null $(OBJ)/xcall.o 2>&1 | \
		sed -n 's/.*undefined symbol: //p' | sort -u >$(OBJ)/undefined; \
	    echo "$(ARCH) $${opt:-default}: needs" \
		`wc -l <$(OBJ)/undefined` "of the kernel:"; \
	    echo "   " `cat $(OBJ)/undefined`; \
	done
.PHONY: alone
