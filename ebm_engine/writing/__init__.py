"""How results are written, whoever writes them: whole files, CSV tables, the frame of tensors."""
