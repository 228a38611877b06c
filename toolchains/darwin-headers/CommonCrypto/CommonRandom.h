/* Random bytes of macOS: declarations by Apple's open source (CommonCrypto). Since macOS 10.10. */
#ifndef RGO_COMMON_RANDOM_H
#define RGO_COMMON_RANDOM_H

#include <stddef.h>
#include <CommonCrypto/CommonCryptoError.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef CCCryptorStatus CCRNGStatus;

CCRNGStatus CCRandomGenerateBytes(void *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
