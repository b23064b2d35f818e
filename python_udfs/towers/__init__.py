"""SQL function `embed`: rows through the ONNX towers."""
