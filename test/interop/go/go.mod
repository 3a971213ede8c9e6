module padlock.invalid/test/interop

go 1.25.3

require github.com/go-jose/go-jose/v4 v4.1.9
