// Tests of LinkService.
