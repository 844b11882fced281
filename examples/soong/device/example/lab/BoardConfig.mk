# What was here before; lab_kernel_includes of ../lab-kernel/Android.bp takes its place:
# TARGET_PREBUILT_KERNEL_HEADERS := device/example/lab-kernel/kernel-uapi-headers.tar.gz
