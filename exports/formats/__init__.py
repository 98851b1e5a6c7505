"""Files of numbers for other programs: tables, arrays, HDF5 surfaces, meshes, and grids for ParaView."""
