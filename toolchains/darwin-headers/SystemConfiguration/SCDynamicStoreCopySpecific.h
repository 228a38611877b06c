/* The proxies that macOS is set to use: declarations by Apple's open source (configd, CF). Since
 * macOS 10.1. What takes and gives types of CoreFoundation beside it needs Apple's SDK. */
#ifndef RGO_SC_DYNAMIC_STORE_COPY_SPECIFIC_H
#define RGO_SC_DYNAMIC_STORE_COPY_SPECIFIC_H

#ifdef __cplusplus
extern "C" {
#endif

typedef const void *CFTypeRef;
typedef const struct __CFDictionary *CFDictionaryRef;
typedef const struct __SCDynamicStore *SCDynamicStoreRef;

void CFRelease(CFTypeRef object);

CFDictionaryRef SCDynamicStoreCopyProxies(SCDynamicStoreRef store);

#ifdef __cplusplus
}
#endif

#endif
