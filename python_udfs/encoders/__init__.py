"""SQL functions `embed_text` and `embed_image`: texts and pictures through an ONNX encoder."""
