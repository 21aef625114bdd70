# The matrix: tests/matrix.pl, which has what these names mean.  Its exit
# status tells more than make's; who needs that calls it directly.

CELL =
SHARD =
FAILED =
FRESH =
LIST =
JUNIT =
OUT =

matrix:
	@MAKE='$(MAKE)' PROVE='$(PROVE)' $(PERL) tests/matrix.pl \
	    ARCH='$(ARCH)' CELL='$(CELL)' SHARD='$(SHARD)' FAILED='$(FAILED)' \
	    FRESH='$(FRESH)' LIST='$(LIST)' JUNIT='$(JUNIT)' OUT='$(OUT)' \
	    JOBS='$(JOBS)' $(if $(filter file,$(origin CC)),,CC='$(CC)') \
	    $(if $(filter file,$(origin LD)),,LD='$(LD)')

.PHONY: matrix
