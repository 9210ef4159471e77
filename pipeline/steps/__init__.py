"""Pure steps, one verb a file: values in, values out; no clock, network, disk or database."""
