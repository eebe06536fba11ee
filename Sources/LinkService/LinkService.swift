// Answers link.v1.LinkService.
