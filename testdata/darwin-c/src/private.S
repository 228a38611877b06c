/* Functions with unwind data and private labels, which are no symbols. NAME is the one that calls
   them; SPLIT has a linker take each function apart. */
.text
.globl NAME
.p2align 2
NAME:
.cfi_startproc
#if defined(__aarch64__)
  sub sp, sp, #16
  .cfi_def_cfa_offset 16
  str x30, [sp]
  .cfi_offset x30, -16
  bl Lsaves
  bl Lplain
  ldr x30, [sp]
  add sp, sp, #16
#else
  pushq %rbx
  .cfi_def_cfa_offset 16
  .cfi_offset %rbx, -16
  callq Lsaves
  callq Lplain
  popq %rbx
#endif
  ret
.cfi_endproc
Lsaves:
.cfi_startproc
#if defined(__aarch64__)
  sub sp, sp, #32
  .cfi_def_cfa_offset 32
  add sp, sp, #32
#else
  subq $32, %rsp
  .cfi_def_cfa_offset 40
  addq $32, %rsp
#endif
  ret
.cfi_endproc
Lplain:
.cfi_startproc
  ret
.cfi_endproc
#ifdef SPLIT
.subsections_via_symbols
#endif
