# /vendor/etc/kheaders.tar.xz
PRODUCT_PACKAGES += lab_kheaders.tar.xz
