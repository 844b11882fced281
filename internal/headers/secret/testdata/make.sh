#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the keys of this directory again, in the forms that OpenSSL 3 and OpenSSH 9 write. They are of nobody; key_test.go says what each one is.
set -e
cd "$(dirname "$0")"
k=$(mktemp -d)
trap 'rm -r "$k"' EXIT
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out $k/rsa 2>/dev/null
openssl ecparam -name prime256v1 -genkey -noout -out $k/ec
openssl ecparam -name secp521r1 -genkey -noout -out $k/p521
openssl req -new -x509 -key $k/rsa -subj /CN=kernel -days 1 -out $k/cert

openssl rsa -in $k/rsa -traditional -outform DER -out pkcs1.der 2>/dev/null
openssl pkcs8 -topk8 -nocrypt -in $k/rsa -outform DER -out pkcs8-rsa.der
openssl pkcs8 -topk8 -nocrypt -in $k/ec -outform DER -out pkcs8-ec.der
openssl genpkey -algorithm ED25519 -outform DER -out pkcs8-ed25519.der
openssl ec -in $k/ec -outform DER -out ec.der 2>/dev/null
openssl ec -in $k/p521 -outform DER -out ec-p521.der 2>/dev/null
openssl ec -in $k/ec -outform DER -no_public -out ec-no-public.der 2>/dev/null
openssl dsaparam -genkey -noout -outform DER -out dsa.der 1024 2>/dev/null
openssl pkcs8 -topk8 -in $k/rsa -passout pass:x -outform DER -out encrypted-pbes2.der
openssl pkcs8 -topk8 -in $k/ec -passout pass:x -scrypt -outform DER -out encrypted-scrypt.der
openssl pkcs8 -topk8 -in $k/rsa -passout pass:x -v1 PBE-SHA1-3DES -outform DER -out encrypted-pkcs12.der
openssl pkcs12 -export -inkey $k/rsa -in $k/cert -passout pass:x -out pkcs12.der
openssl pkcs12 -export -inkey $k/rsa -in $k/cert -passout pass: -keypbe NONE -certpbe NONE -out pkcs12-plain.der
ssh-keygen -q -t ed25519 -C '' -N '' -f $k/ssh
sed '/^---/d' $k/ssh | base64 -d >openssh.der

openssl pkey -in $k/rsa -pubout -outform DER -out public-rsa.der
openssl rsa -in $k/rsa -RSAPublicKey_out -outform DER -out public-pkcs1.der 2>/dev/null
openssl ec -in $k/ec -pubout -outform DER -out public-ec.der 2>/dev/null
openssl ecparam -name prime256v1 -param_enc explicit -outform DER -out public-curve.der
openssl x509 -in $k/cert -outform DER -out public-certificate.der
openssl req -new -key $k/rsa -subj /CN=kernel -outform DER -out public-request.der
echo module | openssl cms -sign -binary -inkey $k/rsa -signer $k/cert -nocerts -noattr -outform DER -out public-signature.der
