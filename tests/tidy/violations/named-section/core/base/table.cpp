// RFC 9420 s.7.3, and 7.2 of something else.
