# SPDX-License-Identifier: CC0-1.0
"""The functions that make the vectors: `session` is what they change, the others are layers."""
