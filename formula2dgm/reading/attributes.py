"""Names of formulas as attributes of a module, beside the attributes that every module has."""

from __future__ import annotations

import keyword
import re

#: What a module, an objective or a distribution has for itself: a test holds that none is missing.
TAKEN = frozenset(
    """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval
    extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules
    mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook register_buffer
    register_forward_hook register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule
    share_memory state_dict to to_empty train training type xpu zero_grad

    as_distribution ascii assumptions check_values contract denoise diagnostics entropy example_batch example_noise
    explain export_networks filter generated graph inputs joint latex load_networks log_marginal log_prob log_weight
    marginalize mean origin params path picture player_parameters players program project reconstruct rename sample
    save save_networks self sites source update_targets variance
    """.split()
)


def attribute(name: str, suffix: str = "net") -> str:
    """A name as an attribute of a module: what the module has itself gets a ``suffix``, and no two names become one.

    >>> attribute("lambda"), attribute("f_theta"), attribute("forward"), attribute("half", "tensor")
    ('lambda_', 'f_theta', 'forward_net', 'half_tensor')
    >>> attribute("forward_net")
    'forward_net_net'
    >>> attribute("D_2.5")
    'D_2_5'
    """
    name = re.sub(r"\W", "_", name)
    if is_taken(name):
        return f"{name}_{suffix}"
    return f"{name}_" if keyword.iskeyword(name) else name


def is_taken(name: str) -> bool:
    """Is the name an attribute of every module, or what such a name is changed to?"""
    stem = name
    while stem not in TAKEN and stem.endswith(_SUFFIXES):
        stem = stem.rpartition("_")[0]
    return stem in TAKEN or stem.startswith("_")


_SUFFIXES = ("_net", "_tensor", "_value", "_head")
