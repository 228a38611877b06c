/* Numbers as in XNU's syscalls.master and in CommonCrypto. */
#include <CommonCrypto/CommonCryptoError.h>
#include <CommonCrypto/CommonRandom.h>
#include <sys/syscall.h>

_Static_assert(SYS_exit == 1 && SYS_write == 4 && SYS_mmap == 197, "system calls");
_Static_assert(SYS_thread_selfid == 372 && SYS_getentropy == 500, "system calls");
_Static_assert(kCCSuccess == 0 && kCCRNGFailure == -4307, "errors");
_Static_assert(sizeof(CCRNGStatus) == 4, "the type of an error");

int random_byte(unsigned char *byte) { return CCRandomGenerateBytes(byte, 1); }
