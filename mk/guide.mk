# The guide, to be read in a browser: the manual pages, in the order that
# mk/guide.pl has them in, and the other pages beside them.

guide:
	@$(PERL) mk/guide.pl obj/guide
.PHONY: guide
