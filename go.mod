module github.com/rules-kheaders/rules_kheaders

go 1.24.0

toolchain go1.25.4

require (
	github.com/bazelbuild/buildtools v0.0.0-20260904073137-eaa4d125b423
	github.com/cilium/ebpf v0.21.0
	github.com/klauspost/compress v1.19.2
	github.com/pierrec/lz4/v4 v4.1.33
	github.com/ulikunitz/xz v0.5.17
	golang.org/x/sys v0.37.0
	google.golang.org/protobuf v1.36.12
)

require (
	github.com/golang/protobuf v1.5.0 // indirect
	github.com/google/safeopen v0.0.0-20260327150837-43626d6f4685 // indirect
)

tool github.com/bazelbuild/buildtools/buildifier
