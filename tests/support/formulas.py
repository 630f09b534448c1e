# ruff: noqa: E501
"""Formulas as papers and code write them, and how each reads: the canonical text of every statement.

The readings were checked by eye. ``SURVEY`` is taken from public papers, notebooks and notes.
"""

from __future__ import annotations

FAMILIES: list[tuple[str, str, list[str]]] = [
    ("vae/elbo-ascii", "E_q(z|x)[log p(x|z)] - KL[q(z|x)||p(z)]", ["E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]"]),
    (
        "vae/elbo-latex",
        "\\mathbb{E}_{q_\\phi(z|x)}\\left[\\log p_\\theta(x|z)\\right] - D_{\\mathrm{KL}}\\left(q_\\phi(z|x) \\,\\|\\, p(z)\\right)",
        ["E_{q_phi(z|x)}[log p_theta(x|z)] - KL[q_phi(z|x) || p(z)]"],
    ),
    (
        "vae/elbo-def",
        "\\mathcal{L}(\\theta,\\phi;x) = \\mathbb{E}_{z\\sim q_\\phi(z\\mid x)}\\big[\\log p_\\theta(x\\mid z)\\big] - \\mathrm{KL}\\big(q_\\phi(z\\mid x)\\,\\|\\,p(z)\\big)",
        ["calL(theta, phi; x) = E_{z ~ q_phi(z|x)}[log p_theta(x|z)] - KL[q_phi(z|x) || p(z)]"],
    ),
    (
        "vae/beta",
        "\\mathbb{E}_{q(z|x)}[\\log p(x|z)] - \\beta\\, D_{KL}(q(z|x) \\| p(z))",
        ["E_q(z|x)[log p(x|z)] - beta KL[q(z|x) || p(z)]"],
    ),
    (
        "vae/joint",
        "\\mathbb{E}_{q_\\phi(z|x)}\\left[\\log \\frac{p_\\theta(x,z)}{q_\\phi(z|x)}\\right]",
        ["E_{q_phi(z|x)}[log p_theta(x, z) / q_phi(z|x)]"],
    ),
    (
        "vae/iwae",
        "\\mathbb{E}_{z_1,\\dots,z_K \\sim q(z|x)}\\left[\\log \\frac{1}{K}\\sum_{k=1}^K \\frac{p(x,z_k)}{q(z_k|x)}\\right]",
        ["E_{(z_1, ..., z_K) ~ q(z|x)}[log 1/K sum_{k=1}^K p(x, z_k) / q(z_k|x)]"],
    ),
    (
        "vae/hierarchical",
        "E_{q(z1|x) q(z2|z1)}[log p(x|z1) + log p(z1|z2)] - KL[q(z2|z1)||p(z2)]",
        ["E_{q(z_1|x), q(z_2|z_1)}[log p(x|z_1) + log p(z_1|z_2)] - KL[q(z_2|z_1) || p(z_2)]"],
    ),
    (
        "vae/conditional",
        "\\mathbb{E}_{q(z|x,y)}[\\log p(x|z,y)] - \\mathrm{KL}[q(z|x,y) \\| p(z|y)]",
        ["E_q(z|x, y)[log p(x|z, y)] - KL[q(z|x, y) || p(z|y)]"],
    ),
    (
        "vae/m2",
        "\\sum_y q(y|x)\\left(\\log p(x|y,z) + \\log p(y)\\right) + \\mathcal{H}(q(y|x))",
        ["sum_y q(y|x) (log p(x|y, z) + log p(y)) + H(q(y|x))"],
    ),
    (
        "vae/vqvae",
        "\\log p(x|z_q(x)) + \\|\\operatorname{sg}[z_e(x)] - e\\|_2^2 + \\beta \\|z_e(x) - \\operatorname{sg}[e]\\|_2^2",
        ["log p(x|z_q(x)) + ||sg(z_e(x)) - e||_2^2 + beta ||z_e(x) - sg(e)||_2^2"],
    ),
    (
        "vae/mc",
        "\\frac{1}{L}\\sum_{l=1}^{L} \\log p_\\theta(x^{(i)} | z^{(i,l)}) - D_{KL}(q_\\phi(z|x^{(i)}) \\| p_\\theta(z))",
        ["1/L sum_{l=1}^L log p_theta(x^{(i)}|z^{(i, l)}) - KL[q_phi(z|x^{(i)}) || p_theta(z)]"],
    ),
    ("vae/tc", "-\\mathrm{KL}(q(z) \\| \\prod_{j} q(z_j)) \\cdot \\beta", ["-KL[q(z) || prod_j q(z_j)] dot beta"]),
    (
        "vae/wae",
        "\\inf_{q(z|x)} \\mathbb{E}_{p(x)} \\mathbb{E}_{q(z|x)}[c(x, G(z))] + \\lambda\\, \\mathrm{MMD}(q(z), p(z))",
        ["inf_{q(z|x)} E_{p(x)} E_q(z|x)[c(x, G(z))] + lambda MMD[q(z) || p(z)]"],
    ),
    (
        "gan/minimax",
        "\\min_G \\max_D V(D,G) = \\mathbb{E}_{x\\sim p_{data}(x)}[\\log D(x)] + \\mathbb{E}_{z\\sim p_z(z)}[\\log(1 - D(G(z)))]",
        ["min_G max_D V(D, G) = E_{x ~ p_data(x)}[log D(x)] + E_{z ~ p_z(z)}[log(1 - D(G(z)))]"],
    ),
    (
        "gan/ascii",
        "min_G max_D E_{x~p_data}[log D(x)] + E_{z~p(z)}[log(1 - D(G(z)))]",
        ["min_G max_D E_{x ~ p_data}[log D(x)] + E_{z ~ p(z)}[log(1 - D(G(z)))]"],
    ),
    (
        "gan/wgan-gp",
        "\\mathbb{E}_{\\tilde{x}\\sim P_g}[D(\\tilde{x})] - \\mathbb{E}_{x\\sim P_r}[D(x)] + \\lambda\\, \\mathbb{E}_{\\hat{x}\\sim P_{\\hat{x}}}\\left[(\\|\\nabla_{\\hat{x}} D(\\hat{x})\\|_2 - 1)^2\\right]",
        [
            "E_{x_tilde ~ P_g}[D(x_tilde)] - E_{x ~ P_r}[D(x)] + lambda E_{x_hat ~ P_{x_hat}}[(||grad_{x_hat} D(x_hat)||_2 - 1)^2]"
        ],
    ),
    (
        "gan/lsgan",
        "\\frac{1}{2}\\mathbb{E}_{x\\sim p_{\\text{data}}}[(D(x)-1)^2] + \\frac{1}{2}\\mathbb{E}_{z\\sim p(z)}[D(G(z))^2]",
        ["1/2 E_{x ~ p_data}[(D(x) - 1)^2] + 1/2 E_{z ~ p(z)}[D(G(z))^2]"],
    ),
    (
        "gan/hinge",
        "\\mathbb{E}_{x}[\\max(0, 1 - D(x))] + \\mathbb{E}_{z}[\\max(0, 1 + D(G(z)))]",
        ["E_x[max(0, 1 - D(x))] + E_z[max(0, 1 + D(G(z)))]"],
    ),
    (
        "gan/fgan",
        "\\max_T \\mathbb{E}_{x\\sim P}[T(x)] - \\mathbb{E}_{x\\sim Q}[f^*(T(x))]",
        ["max_T E_{x ~ P}[T(x)] - E_{x ~ Q}[f^*(T(x))]"],
    ),
    (
        "gan/bigan",
        "\\min_{G,E_n}\\max_D \\mathbb{E}_{x\\sim p(x)}[\\log D(x, F(x))] + \\mathbb{E}_{z\\sim p(z)}[\\log(1-D(G(z),z))]",
        ["min_{G, E_n} max_D E_{x ~ p(x)}[log D(x, F(x))] + E_{z ~ p(z)}[log(1 - D(G(z), z))]"],
    ),
    (
        "diff/ddpm-simple",
        "\\mathbb{E}_{t, x_0, \\epsilon}\\left[\\left\\| \\epsilon - \\epsilon_\\theta(\\sqrt{\\bar\\alpha_t}\\, x_0 + \\sqrt{1-\\bar\\alpha_t}\\,\\epsilon, t)\\right\\|^2\\right]",
        [
            "E_{t, x_0, epsilon}[||epsilon - epsilon_theta(sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) epsilon, t)||^2]"
        ],
    ),
    (
        "diff/vlb",
        "\\mathbb{E}_q\\left[ D_{KL}(q(x_T|x_0)\\|p(x_T)) + \\sum_{t>1} D_{KL}(q(x_{t-1}|x_t,x_0)\\|p_\\theta(x_{t-1}|x_t)) - \\log p_\\theta(x_0|x_1)\\right]",
        [
            "E_q[KL[q(x_T|x_0) || p(x_T)] + sum_{t > 1} KL[q(x_{t-1}|x_t, x_0) || p_theta(x_{t-1}|x_t)] - log p_theta(x_0|x_1)]"
        ],
    ),
    (
        "diff/dsm",
        "\\mathbb{E}_{q_\\sigma(\\tilde{x}|x)p(x)}\\left[\\frac{1}{2}\\left\\|s_\\theta(\\tilde{x}) - \\nabla_{\\tilde{x}} \\log q_\\sigma(\\tilde{x}|x)\\right\\|^2\\right]",
        ["E_{q_sigma(x_tilde|x), p(x)}[1/2 ||s_theta(x_tilde) - grad_{x_tilde} log q_sigma(x_tilde|x)||^2]"],
    ),
    (
        "diff/ascii",
        "E_{t~U(1,T), x_0~q(x_0), eps~N(0,I)}[||eps - f(sqrt(a_t) * x_0 + sqrt(1 - a_t) * eps, t)||^2]",
        ["E_{t ~ U(1, T), x_0 ~ q(x_0), eps ~ N(0, I)}[||eps - f(sqrt(a_t) * x_0 + sqrt(1 - a_t) * eps, t)||^2]"],
    ),
    (
        "diff/forward",
        "q(x_t|x_{t-1}) = \\mathcal{N}(x_t; \\sqrt{1-\\beta_t}\\,x_{t-1}, \\beta_t I)",
        ["q(x_t|x_{t-1}) = Normal(x_t; sqrt(1 - beta_t) x_{t-1}, beta_t I)"],
    ),
    (
        "diff/flow-matching",
        "\\mathbb{E}_{t,\\, q(x_1),\\, p_t(x|x_1)} \\left\\| v_t(x) - u_t(x|x_1) \\right\\|^2",
        ["E_{t, q(x_1), p_t(x|x_1)} ||v_t(x) - u_t(x|x_1)||^2"],
    ),
    (
        "flow/nll",
        "\\log p(x) = \\log p_Z(f(x)) + \\log\\left|\\det \\frac{\\partial f(x)}{\\partial x}\\right|",
        ["log p(x) = log p_Z(f(x)) + log |det jac_x f(x)|"],
    ),
    (
        "flow/compose",
        "\\log p(z_0) - \\sum_{k=1}^K \\log\\left|\\det J_{f_k}(z_{k-1})\\right|",
        ["log p(z_0) - sum_{k=1}^K log |det J_{f_k}(z_{k-1})|"],
    ),
    (
        "flow/ascii",
        "-E_{x~p_data(x)}[log p_z(f(x)) + log |det(J_f(x))|]",
        ["-E_{x ~ p_data(x)}[log p_z(f(x)) + log |det(J_f(x))|]"],
    ),
    ("seq/autoregressive", "\\sum_{t=1}^T \\log p_\\theta(x_t | x_{<t})", ["sum_{t=1}^T log p_theta(x_t|x_{<t})"]),
    (
        "seq/vrnn",
        "\\mathbb{E}_{q(z_{\\leq T}|x_{\\leq T})}\\left[\\sum_{t=1}^T \\left(-\\mathrm{KL}(q(z_t|x_{\\leq t}, z_{<t}) \\| p(z_t|x_{<t}, z_{<t})) + \\log p(x_t|z_{\\leq t}, x_{<t})\\right)\\right]",
        [
            "E_q(z_{<=T}|x_{<=T})[sum_{t=1}^T (-KL[q(z_t|x_{<=t}, z_{<t}) || p(z_t|x_{<t}, z_{<t})] + log p(x_t|z_{<=t}, x_{<t}))]"
        ],
    ),
    (
        "seq/dreamer",
        "\\sum_{t=1}^{T} \\left(\\mathbb{E}_{q(s_t|o_{\\le t},a_{<t})}[\\ln p(o_t|s_t) + \\ln p(r_t|s_t)] - \\mathbb{E}[\\mathrm{KL}[q(s_t|o_{\\le t},a_{<t}) \\| p(s_t|s_{t-1},a_{t-1})]]\\right)",
        [
            "sum_{t=1}^T (E_q(s_t|o_{<=t}, a_{<t})[log p(o_t|s_t) + log p(r_t|s_t)] - E[KL[q(s_t|o_{<=t}, a_{<t}) || p(s_t|s_{t-1}, a_{t-1})]])"
        ],
    ),
    (
        "seq/joint",
        "p_\\theta(x_{0:T}) = p(x_T)\\prod_{t=1}^T p_\\theta(x_{t-1}|x_t)",
        ["p_theta(x_{0:T}) = p(x_T) prod_{t=1}^T p_theta(x_{t-1}|x_t)"],
    ),
    (
        "seq/hmm-ascii",
        "sum_{t=1}^T (log p(x_t|z_t) + log p(z_t|z_{t-1}))",
        ["sum_{t=1}^T (log p(x_t|z_t) + log p(z_t|z_{t-1}))"],
    ),
    (
        "nce/infonce",
        "-\\mathbb{E}\\left[\\log \\frac{\\exp(s(x,y)/\\tau)}{\\sum_{j=1}^N \\exp(s(x,y_j)/\\tau)}\\right]",
        ["-E[log exp(s(x, y) / tau) / (sum_{j=1}^N exp(s(x, y_j) / tau))]"],
    ),
    (
        "nce/mine",
        "\\sup_{\\theta} \\mathbb{E}_{P_{XZ}}[T_\\theta] - \\log \\mathbb{E}_{P_X , P_Z}[e^{T_\\theta}]",
        ["sup_theta E_{P_XZ}[T_theta] - log E_{P_X, P_Z}[e^{T_theta}]"],
    ),
    (
        "nce/simclr-ascii",
        "-log(exp(sim(z_i, z_j)/tau) / sum_{k=1}^{2N} exp(sim(z_i, z_k)/tau))",
        ["-log(exp(sim(z_i, z_j) / tau) / (sum_{k=1}^{2 N} exp(sim(z_i, z_k) / tau)))"],
    ),
    (
        "nce/vib",
        "\\mathbb{E}_{p(x,y)}\\mathbb{E}_{q(z|x)}[-\\log p(y|z)] + \\beta\\, \\mathrm{KL}[q(z|x)\\|r(z)]",
        ["E_{p(x, y)} E_q(z|x)[-log p(y|z)] + beta KL[q(z|x) || r(z)]"],
    ),
    (
        "ebm/cd",
        "\\mathbb{E}_{x\\sim p_d}[\\nabla_\\theta E_\\theta(x)] - \\mathbb{E}_{y\\sim p_\\theta}[\\nabla_\\theta E_\\theta(y)]",
        ["E_{x ~ p_d}[grad_theta E_theta(x)] - E_{y ~ p_theta}[grad_theta E_theta(y)]"],
    ),
    (
        "rl/policy",
        "\\mathbb{E}_{s\\sim\\rho,\\, a\\sim\\pi_\\theta(a|s)}\\left[\\log \\pi_\\theta(a|s)\\, A(s,a)\\right] + \\alpha\\, \\mathcal{H}(\\pi_\\theta)",
        ["E_{s ~ rho, a ~ pi_theta(a|s)}[log pi_theta(a|s) A(s, a)] + alpha H(pi_theta)"],
    ),
    (
        "rl/dpo",
        "-\\mathbb{E}_{(x,y_w,y_l)\\sim\\mathcal{D}}\\left[\\log\\sigma\\left(\\beta\\log\\frac{\\pi_\\theta(y_w|x)}{\\pi_{ref}(y_w|x)} - \\beta\\log\\frac{\\pi_\\theta(y_l|x)}{\\pi_{ref}(y_l|x)}\\right)\\right]",
        [
            "-E_{(x, y_w, y_l) ~ calD}[log sigma(beta log pi_theta(y_w|x) / pi_ref(y_w|x) - beta log pi_theta(y_l|x) / pi_ref(y_l|x))]"
        ],
    ),
    ("marginal/int", "\\log \\int p(x|z) p(z)\\, dz", ["log int p(x|z) p(z) dz"]),
    (
        "marginal/sum",
        "\\log \\sum_{k=1}^K \\pi_k\\, \\mathcal{N}(x; \\mu_k, \\Sigma_k)",
        ["log sum_{k=1}^K pi_k Normal(x; mu_k, Sigma_k)"],
    ),
    (
        "norm/mixed",
        "\\|x - \\mu\\|^2 + |a| + \\lvert b \\rvert - \\left| \\frac{x}{y} \\right| + \\|W\\|_F",
        ["||x - mu||^2 + |a| + |b| - |x / y| + ||W||_F"],
    ),
    (
        "misc/product-call",
        "\\beta (x - y) + \\lambda\\left(a + b\\right)^2 + f(x) g(y)",
        ["beta(x - y) + lambda(a + b)^2 + f(x) g(y)"],
    ),
    ("misc/unicode", "𝔼_{q(z|x)}[log p(x|z)] − β KL[q(z|x)‖p(z)]", ["E_q(z|x)[log p(x|z)] - beta KL[q(z|x) || p(z)]"]),
    (
        "misc/align",
        "\\begin{aligned} \\mathcal{L} &= \\mathbb{E}_{q(z|x)}[\\log p(x|z)] \\\\ &\\quad - \\underbrace{\\mathrm{KL}(q(z|x)\\|p(z))}_{\\text{rate}} \\end{aligned}",
        ['calL = E_q(z|x)[log p(x|z)] - underbrace(KL[q(z|x) || p(z)], "rate")'],
    ),
]

PROGRAMS: list[tuple[str, str, list[str]]] = [
    (
        "iwae",
        "\\mathbb{E}_{z_{1:K} \\sim q_\\phi(z \\mid x)}\\left[\\log \\frac{1}{K} \\sum_{k=1}^K \\frac{p_\\theta(x, z_k)}{q_\\phi(z_k \\mid x)}\\right]",
        ["E_{z_{1:K} ~ q_phi(z|x)}[log 1/K sum_{k=1}^K p_theta(x, z_k) / q_phi(z_k|x)]"],
    ),
    (
        "miwae",
        "\\frac{1}{M}\\sum_{m=1}^M \\mathbb{E}_{z_{m,1:K} \\sim q(z|x)}\\Big[\\log \\frac1K \\sum_{k=1}^K \\frac{p(x|z_{m,k})\\,p(z_{m,k})}{q(z_{m,k}|x)}\\Big]",
        ["1/M sum_{m=1}^M E_{z_{m, 1:K} ~ q(z|x)}[log 1/K sum_{k=1}^K p(x|z_{m, k}) p(z_{m, k}) / q(z_{m, k}|x)]"],
    ),
    (
        "m2-unlabelled",
        "\\sum_y q_\\phi(y|x)\\, \\mathbb{E}_{q_\\phi(z|x,y)}\\left[\\log p_\\theta(x|y,z) + \\log p(y) + \\log p(z) - \\log q_\\phi(z|x,y)\\right] + \\mathcal{H}(q_\\phi(y|x))",
        [
            "sum_y q_phi(y|x) E_{q_phi(z|x, y)}[log p_theta(x|y, z) + log p(y) + log p(z) - log q_phi(z|x, y)] + H(q_phi(y|x))"
        ],
    ),
    (
        "mvae",
        "E_q(z|x, y)[log p(x|z) + log p(y|z)] - KL[q(z|x, y) || p(z)] + E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)] + E_q(z|y)[log p(y|z)] - KL[q(z|y) || p(z)]",
        [
            "E_q(z|x, y)[log p(x|z) + log p(y|z)] - KL[q(z|x, y) || p(z)] + E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)] + E_q(z|y)[log p(y|z)] - KL[q(z|y) || p(z)]"
        ],
    ),
    (
        "wgan-gp-critic",
        "D: \\max_D \\mathbb{E}_{x\\sim p_{\\text{data}}}[D(x)] - \\mathbb{E}_{z\\sim p(z)}[D(G(z))] - \\lambda\\, \\mathbb{E}_{\\hat x}\\left[(\\lVert\\nabla_{\\hat x} D(\\hat x)\\rVert_2 - 1)^2\\right]",
        [
            "D: max_D E_{x ~ p_data}[D(x)] - E_{z ~ p(z)}[D(G(z))] - lambda E_{x_hat}[(||grad_{x_hat} D(x_hat)||_2 - 1)^2]"
        ],
    ),
    (
        "wgan-gp-mixed-draw",
        "\\hat x = \\epsilon x + (1 - \\epsilon) G(z), \\quad \\epsilon \\sim \\mathcal{U}(0, 1)",
        ["x_hat = epsilon x + (1 - epsilon) G(z)", "epsilon ~ Uniform(0, 1)"],
    ),
    (
        "deep-markov",
        "\\sum_{t=1}^{T} \\mathbb{E}_{q(z_t|z_{t-1}, x_{t:T})}\\big[\\log p(x_t|z_t)\\big] - \\mathrm{KL}\\big(q(z_t|z_{t-1}, x_{t:T})\\,\\big\\|\\,p(z_t|z_{t-1})\\big)",
        ["sum_{t=1}^T E_q(z_t|z_{t-1}, x_{t:T})[log p(x_t|z_t)] - KL[q(z_t|z_{t-1}, x_{t:T}) || p(z_t|z_{t-1})]"],
    ),
    (
        "mine",
        "\\mathbb{E}_{p(x,y)}[T_\\theta(x,y)] - \\log \\mathbb{E}_{p(x)p(y)}\\left[e^{T_\\theta(x,y)}\\right]",
        ["E_p(x, y)[T_theta(x, y)] - log E_{p(x), p(y)}[e^{T_theta(x, y)}]"],
    ),
    (
        "dpo",
        "-\\mathbb{E}_{(x, y_w, y_l)\\sim\\mathcal{D}}\\left[\\log\\sigma\\!\\left(\\beta\\log\\frac{\\pi_\\theta(y_w\\mid x)}{\\pi_{\\text{ref}}(y_w\\mid x)} - \\beta\\log\\frac{\\pi_\\theta(y_l\\mid x)}{\\pi_{\\text{ref}}(y_l\\mid x)}\\right)\\right]",
        [
            "-E_{(x, y_w, y_l) ~ calD}[log sigma(beta log pi_theta(y_w|x) / pi_ref(y_w|x) - beta log pi_theta(y_l|x) / pi_ref(y_l|x))]"
        ],
    ),
    (
        "vae-model",
        "z ~ N(0, I); p(x|z) = Bernoulli(x; f(z)); q(z|x) = N(z; mu(x), sigma(x)^2 I)",
        ["z ~ N(0, I)", "p(x|z) = Bernoulli(x; f(z))", "q(z|x) = N(z; mu(x), sigma(x)^2 I)"],
    ),
    (
        "spaces",
        "x \\in \\{0,1\\}^{64}; z \\in \\mathbb{R}^{16}; y \\in \\{1,\\dots,10\\}; u \\in [0,1]",
        ["x in {0, 1}^64", "z in bbR^16", "y in {1, ..., 10}", "u in [0, 1]"],
    ),
]

SURVEY: list[tuple[str, str, list[str]]] = [
    (
        "survey-0005",
        "\\theta^* = arg max_{\\theta} KL[q(\\mathbf{w}|\\theta)||P(\\mathbf{w}|D)] = argmin KL[q(\\mathbf{W}|\\theta)||p(\\mathbf{W})] - \\mathbf{E}_{q(\\mathbf{w}|\\theta)}[logP(D|\\mathbf{W})]",
        ["theta^* = argmax_theta KL[q(w|theta) || P(w|D)] = argmin KL[q(W|theta) || p(W)] - E_q(w|theta)[log P(D|W)]"],
    ),
    (
        "survey-0010",
        " \\arg\\min_{\\mu_\\theta, \\sigma^2_\\theta} \\mathcal{L}(\\mu_\\theta, \\sigma^2_\\theta) + \\lambda \\, \\text{KL}( p(\\theta) || q(\\theta) ) ",
        ["argmin_{mu_theta, sigma_theta^2} calL(mu_theta, sigma_theta^2) + lambda KL[p(theta) || q(theta)]"],
    ),
    (
        "survey-0017",
        "\\tag{7}\nE_{\\mathcal{G}}(\\mathbf{x}; W) = - \\frac{1}{2} \\mathbf{x}^T W \\mathbf{x}",
        ["E_{calG}(x; W) = -1/2 x^T W x"],
    ),
    (
        "survey-0021",
        "= \\underbrace{-\\nabla_\\theta E_\\theta(x)}_{\\text{positive phase}} + \\underbrace{\\mathbb{E}_{x^- \\sim p_\\theta}[\\nabla_\\theta E_\\theta(x^-)]}_{\\text{negative phase}}",
        [
            'underbrace(-grad_theta E_theta(x), "positive phase") + underbrace(E_{x^{-} ~ p_theta}[grad_theta E_theta(x^{-})], "negative phase")'
        ],
    ),
    (
        "survey-0059",
        "\\mathcal{L}_D = \\mathbb{E}_{x}\\big[\\max(0, 1 - D(x))\\big] + \\mathbb{E}_{z}\\big[\\max(0, 1 + D(G(z)))\\big], \\qquad\n\\mathcal{L}_G = -\\,\\mathbb{E}_{z}\\big[D(G(z))\\big]",
        ["calL_D = E_x[max(0, 1 - D(x))] + E_z[max(0, 1 + D(G(z)))]", "calL_G = -E_z[D(G(z))]"],
    ),
    (
        "survey-0061",
        "    \\min_{\\theta}\\max_{\\phi}&\\quad\\mathbb{E}_{\\mathcal{G}\\sim \\mathcal{D}}\\left[d\\left(\\mathcal{G};\\phi\\right)\\right]-\\mathbb{E}_{\\mathbf{Z}\\sim \\mathcal{N}}\\left[d\\left(g(\\mathbf{Z};\\theta);\\phi\\right)\\right]\\nonumber\\\\\n    \\text{s.t.}&\\quad K\\left(d\\left(\\cdot,\\phi\\right)\\right)\\leq 1\\nonumber\n  ",
        ["min_theta max_phi E_{calG ~ calD}[d(calG; phi)] - E_{Z ~ Normal}[d(g(Z; theta); phi)]", "K(d(., phi)) <= 1"],
    ),
    (
        "survey-0070",
        "R_1(\\psi) = \\frac{\\gamma}{2} \\mathbb{E}_{p_\\mathcal{D}(x)}\n    \\Big[\\Vert \\nabla_x D_\\psi(x)^2 \\Vert\\Big]",
        ["R_1(psi) = (gamma / 2) E_{p_{calD}(x)}[||grad_x D_psi(x)^2||]"],
    ),
    (
        "survey-0071",
        "\\mathbb{E}_{w \\sim f(z), y \\sim \\mathcal{N}(0, \\mathbf{I})}\n      \\Big(\\Vert \\mathbf{J}^\\top_{w} y \\Vert_2 - a \\Big)^2",
        ["E_{w ~ f(z), y ~ Normal(0, I)}[(||J_w^T y||_2 - a)^2]"],
    ),
    (
        "survey-0072",
        "W(\\mathbb{P}_r, \\mathbb{P}_g) =\n \\underset{\\Vert f \\Vert_L \\le 1} {\\mathrm{sup}}\n \\mathbb{E}_{x \\sim \\mathbb{P}_r} [f(x)]- \\mathbb{E}_{x \\sim \\mathbb{P}_g} [f(x)]",
        ["W[bbP_r || bbP_g] = sup_{||f||_L <= 1} E_{x ~ bbP_r}[f(x)] - E_{x ~ bbP_g}[f(x)]"],
    ),
    (
        "survey-0074",
        "\\mathcal{L}_{GP} = \\lambda \\underset{\\hat{x} \\sim \\mathbb{P}_{\\hat{x}}}{\\mathbb{E}}\n\\Big[ \\big(\\Vert \\nabla_{\\hat{x}} D(\\hat{x}) \\Vert_2 - 1\\big)^2 \\Big]",
        ["calL_GP = lambda E_{x_hat ~ bbP_{x_hat}}[(||grad_{x_hat} D(x_hat)||_2 - 1)^2]"],
    ),
    (
        "survey-0099",
        "L^{CLIP}(\\theta) = \\mathbb{E}_t \\left[\\min\\left(r_t(\\theta)\\hat{A}_t, \\text{clip}(r_t(\\theta), 1-\\epsilon, 1+\\epsilon)\\hat{A}_t\\right)\\right]",
        ["L^{(CLIP)}(theta) = E_t[min(r_t(theta) A_hat_t, clip(r_t(theta), 1 - epsilon, 1 + epsilon) A_hat_t)]"],
    ),
    (
        "survey-0103",
        "    J(\\pi_\\theta) - J(\\pi_{\\theta_{OLD}})\n    &= \\frac{1}{1 - \\gamma}\n     \\mathop{\\mathbb{E}}_{s \\sim d^{\\pi_\\theta} \\atop a \\sim \\pi_{\\theta_{OLD}}} \\Biggl[\n      \\frac{\\pi_\\theta(a|s)}{\\pi_{\\theta_{OLD}}(a|s)} A^{\\pi_{OLD}}(s, a)\n     \\Biggr]\n    \\\\\n    &\\approx \\frac{1}{1 - \\gamma}\n     \\mathop{\\mathbb{E}}_{\\textcolor{orange}{s \\sim d^{\\pi_{\\theta_{OLD}}}}\n     \\atop a \\sim \\pi_{\\theta_{OLD}}} \\Biggl[\n      \\frac{\\pi_\\theta(a|s)}{\\pi_{\\theta_{OLD}}(a|s)} A^{\\pi_{OLD}}(s, a)\n     \\Biggr]\n    \\\\\n    &= \\frac{1}{1 - \\gamma} \\mathcal{L}^{CPI}\n    ",
        [
            "J(pi_theta) - J(pi_{theta_OLD}) = (1 / (1 - gamma)) E_{s ~ d^{pi_theta}, a ~ pi_{theta_OLD}}[(pi_theta(a|s) / pi_{theta_OLD}(a|s)) A^{pi_OLD}(s, a)] ~= (1 / (1 - gamma)) E_{s ~ d^{pi_{theta_OLD}}, a ~ pi_{theta_OLD}}[(pi_theta(a|s) / pi_{theta_OLD}(a|s)) A^{pi_OLD}(s, a)] = (1 / (1 - gamma)) calL^{(CPI)}"
        ],
    ),
    (
        "survey-0104",
        "    V^{\\pi_\\theta}_{CLIP}(s_t)\n     &= clip\\Bigl(V^{\\pi_\\theta}(s_t) - \\hat{V_t}, -\\epsilon, +\\epsilon\\Bigr)\n    \\\\\n    \\mathcal{L}^{VF}(\\theta)\n     &= \\frac{1}{2} \\mathbb{E} \\biggl[\n      max\\Bigl(\\bigl(V^{\\pi_\\theta}(s_t) - R_t\\bigr)^2,\n          \\bigl(V^{\\pi_\\theta}_{CLIP}(s_t) - R_t\\bigr)^2\\Bigr)\n     \\biggr]\n    ",
        [
            "V_CLIP^{pi_theta}(s_t) = clip(V^{pi_theta}(s_t) - V_hat_t, -epsilon, epsilon)",
            "calL^{(VF)}(theta) = 1/2 E[max((V^{pi_theta}(s_t) - R_t)^2, (V_CLIP^{pi_theta}(s_t) - R_t)^2)]",
        ],
    ),
    (
        "survey-0129",
        " \\frac{1}{N} \\sum_{n=1}^N \\log p(x_n \\mid z_n, \\phi) + \\log p(z_n) - \\log q(z_n \\mid x_n, \\theta) \\rightarrow \\max_{\\theta, \\phi} ",
        ["max_{theta, phi} 1/N sum_{n=1}^N log p(x_n|z_n, phi) + log p(z_n) - log q(z_n|x_n, theta)"],
    ),
    (
        "survey-0130",
        "\\mathcal{L_{\\text{binary}}}({\\bf x}) &= \\sum_{i=1}^D -x_i\\log \\hat{x}_i - (1-x_i)\\log(1-\\hat{x_i}) \\tag{1} \\\\\n    \\mathcal{L_{\\text{real}}}({\\bf x}) &= \\sum_{i=1}^D  (x_i - \\hat{x}_i)^2 \\tag{2}",
        [
            "calL_binary(x) = sum_{i=1}^D -x_i log x_hat_i - (1 - x_i) log(1 - x_hat_i)",
            "calL_real(x) = sum_{i=1}^D (x_i - x_hat_i)^2",
        ],
    ),
    (
        "survey-0133",
        "&E_{X\\sim D}[E_{z\\sim Q}[\\log P(X|z)] - \\mathcal{D}(Q(z|X) || P(z))] \\\\\n    &= E_{X\\sim D}[E_{\\epsilon \\sim \\mathcal{N}(0, I)}[\n        \\log P(X|z=\\mu_{z|X}(X) + \\Sigma_{z|X}^{1/2}(X)*\\epsilon)\n    ] - \\mathcal{D}(Q(z|X) || P(z))]  \\\\\n    &\\approx \\frac{1}{N}\\sum_{x_i \\in X}\n       E_{\\epsilon \\sim \\mathcal{N}(0, I)}[\n        \\log P(x_i|z=\\mu_{z|X}(x_i) + \\Sigma_{z|X}^{1/2}(x_i)*\\epsilon)\n       ] - \\mathcal{D}(Q(z|x_i) || P(z))  \\\\\n    &\\approx \\frac{1}{N}\\sum_{x_i \\in X}\n        \\log P(x_i|z=\\mu_{z|X}(x_i) + \\Sigma_{z|X}^{1/2}(x_i)*\\epsilon)\n       - \\mathcal{D}(Q(z|x_i) || P(z))  \\\\\n\n    \\tag{13}",
        [
            "E_{X ~ D}[E_{z ~ Q}[log P(X|z)] - D[Q(z|X) || P(z)]] = E_{X ~ D}[E_{epsilon ~ Normal(0, I)}[log P(X|z=mu_{z|X}(X) + Sigma_{z|X}^{1/2}(X) * epsilon)] - D[Q(z|X) || P(z)]] ~= 1/N sum_{x_i in X} E_{epsilon ~ Normal(0, I)}[log P(x_i|z=mu_{z|X}(x_i) + Sigma_{z|X}^{1/2}(x_i) * epsilon)] - D[Q(z|x_i) || P(z)] ~= 1/N sum_{x_i in X} log P(x_i|z=mu_{z|X}(x_i) + Sigma_{z|X}^{1/2}(x_i) * epsilon) - D[Q(z|x_i) || P(z)]"
        ],
    ),
    (
        "survey-0150",
        "\\log p_{\\theta}(x)\\geq\\underbrace{\\mathbb{E}_{Q}\\left[\\log p_{\\theta}(x\\mid z)\\right]}_{(i)}-\\underbrace{D_{KL}\\left(q_{\\phi}(z\\mid x)\\rVert p_{\\theta}(z)\\right)}_{(ii)}.\\label{eq:ELBO2}",
        [
            'log p_theta(x) >= underbrace(E_Q[log p_theta(x|z)], "(i)") - underbrace(KL[q_phi(z|x) || p_theta(z)], "(ii)")'
        ],
    ),
    (
        "survey-0181",
        "    log(p_\\theta(\\mathbf{x})) &= \\mathbb{E}_{ q_\\phi(\\mathbf{z\\mid x}) } [log( p_\\theta(\\mathbf{x}) )] \\nonumber \\\\\n    &= \\mathbb{E}_{q_\\phi( \\mathbf{z\\mid x} )} \\Bigl[ log \\Bigl[ \\tfrac{ p_\\theta(\\mathbf{x,z}) }{ p_\\theta(\\mathbf{z \\mid x}) } \\Bigr] \\Bigr] \\nonumber \\\\\n    &= \\mathbb{E}_{q_\\phi( \\mathbf{z\\mid x} )} \\Bigl[ log \\Bigl[ \\tfrac{ p_\\theta(\\mathbf{x,z}) }{ q_\\phi( \\mathbf{z\\mid x} ) } \\tfrac{ q_\\phi( \\mathbf{z\\mid x} ) }{ p_\\theta(\\mathbf{z \\mid x}) }\\Bigr] \\Bigr] \\nonumber \\\\\n    &= \\underbrace{\\mathbb{E}_{q_\\phi( \\mathbf{z\\mid x} )} \\Bigl[ log \\Bigl[ \\tfrac{ p_\\theta(\\mathbf{x,z}) }{ q_\\phi( \\mathbf{z\\mid x} ) } \\Bigr] \\Bigr]}_{=\\mathcal{L}_{\\theta,\\phi}(\\mathbf{x}) \\text{ (ELBO)}} + \\underbrace{\\mathbb{E}_{q_\\phi( \\mathbf{z\\mid x} )} \\Bigl[ log \\Bigl[ \\tfrac{ q_\\phi( \\mathbf{z\\mid x} ) }{ p_\\theta(\\mathbf{z \\mid x}) }\\Bigr] \\Bigr]}_{=D_{KL}(q_\\phi(\\mathbf{z\\mid x})\\parallel p_\\theta(\\mathbf{z\\mid x}))} \\label{elbo4}",
        [
            'log(p_theta(x)) = E_{q_phi(z|x)}[log(p_theta(x))] = E_{q_phi(z|x)}[log(p_theta(x, z) / p_theta(z|x))] = E_{q_phi(z|x)}[log((p_theta(x, z) / q_phi(z|x)) (q_phi(z|x) / p_theta(z|x)))] = underbrace(E_{q_phi(z|x)}[log(p_theta(x, z) / q_phi(z|x))], "=L_theta ,phi (x) (ELBO)") + underbrace(E_{q_phi(z|x)}[log(q_phi(z|x) / p_theta(z|x))], "=D_KL(q_phi (z|x)||p_theta (z|x))")'
        ],
    ),
    (
        "survey-0213",
        "\\mathcal{L}\\left[ q(\\theta) q(\\gamma) q(x) \\right] := \\mathbb{E}_{q(\\theta)q(\\gamma)q(x)}\\left[ \\log \\frac{ p(\\theta) p(\\gamma) p(x|\\theta) p (y|x, \\gamma) }{q(\\theta) q(\\gamma) q(x)} \\right]",
        [
            "calL(q(theta) q(gamma) q(x)) := E_{q(theta), q(gamma), q(x)}[log p(theta) p(gamma) p(x|theta) p(y|x, gamma) / (q(theta) q(gamma) q(x))]"
        ],
    ),
    (
        "survey-0235",
        "\\mathcal{L} =  I(X; Z) -\\beta I(Z;Y),\\quad\\beta>0.\n\\label{eq:ib_lag}",
        ["calL = I(X; Z) - beta I(Z; Y)", "beta > 0"],
    ),
    (
        "survey-0257",
        "D_{WAE}(P_X, P_G) = \\inf_{Q(Z|X) \\in \\mathcal{Q}} \\mathbb{E}_{P_X}\\big [ \\mathbb{E}_{Q(Z|X)}[c(X, G(Z))] \\big ] + \\lambda \\mathcal{D}_Z(Q_Z, P_Z)",
        ["D_WAE(P_X, P_G) = inf_{Q(Z|X) in calQ} E_{P_X}[E_Q(Z|X)[c(X, G(Z))]] + lambda calD_Z(Q_Z, P_Z)"],
    ),
    (
        "survey-0260",
        "\\mathcal{L}_\\text{InfoVAE} = \\mathbb{E}[\\log p_\\theta(x \\mid z)] - (1 - \\alpha) \\cdot \\mathbb{E}[\\mathrm{KL}(q_\\phi(z|x) \\,\\|\\, p(z))] - (\\alpha + \\lambda - 1) \\cdot D(q_\\phi(z) \\,\\|\\, p(z))",
        [
            "calL_InfoVAE = E[log p_theta(x|z)] - (1 - alpha) dot E[KL[q_phi(z|x) || p(z)]] - (alpha + lambda - 1) dot D[q_phi(z) || p(z)]"
        ],
    ),
    (
        "survey-0271",
        "\\begin{aligned}\n& \\max_{\\theta}  \\mathbb{E}_{z \\sim {Z_T} }\\Big[\\sum_{t=1}^{T} \\log p_\\theta(x_{z_t}\\mid \\mathbf{x}_{z<t})\\Big]\n\\end{aligned}",
        ["max_theta E_{z ~ Z_T}[sum_{t=1}^T log p_theta(x_{z_t}|x_{z < t})]"],
    ),
    (
        "survey-0274",
        "p(c_{t,0},\\ldots,c_{t,15}\\mid \\mathbf{z}_{<t},\\mathbf{c}_{<t}) = \\underbrace{p(c_{t,0}\\mid \\mathbf{z}_{<t},\\mathbf{c}_{<t})}_{\\text{LM head}} \\prod_{k=1}^{15} \\underbrace{p(c_{t,k}\\mid \\mathbf{z}_t, c_{t,0},\\ldots,c_{t,k-1})}_{\\text{RVQ predictor}}",
        [
            'p(c_{t, 0}, ..., c_{t, 15}|z_{<t}, c_{<t}) = underbrace(p(c_{t, 0}|z_{<t}, c_{<t}), "LM head") prod_{k=1}^15 underbrace(p(c_{t, k}|z_t, c_{t, 0}, ..., c_{t, k-1}), "RVQ predictor")'
        ],
    ),
    (
        "survey-0303",
        "-L_{VLB} = \\mathbb{E}_q \\left[ -\\log p_{\\theta}(x_0|x_1) + \\sum_{t=2}^T D_{KL}(q(x_{t-1}|x_t, x_0) || p_{\\theta}(x_{t-1}|x_t)) + D_{KL}(q(x_T|x_0) || p(x_T)) \\right]",
        [
            "-L_VLB = E_q[-log p_theta(x_0|x_1) + sum_{t=2}^T KL[q(x_{t-1}|x_t, x_0) || p_theta(x_{t-1}|x_t)] + KL[q(x_T|x_0) || p(x_T)]]"
        ],
    ),
    (
        "survey-0314",
        "\\mathcal{L} &= \\mathbb{E}_{q}\\left[ \\mathcal{L}_{T} + \\sum_{t>1} \\mathcal{L}_{t-1} + \\mathcal{L}_{0} \\right] \\\\\n\\mathcal{L}_{T} &= D_{KL}(q(\\mathbf{x}_{T}\\mid\\mathbf{x}_{0}) \\Vert p(\\mathbf{x}_{T})) \\\\\n\\mathcal{L}_{t-1} &= D_{KL}(q(\\mathbf{x}_{t-1}\\mid\\mathbf{x}_{t},\\mathbf{x}_{0}) \\Vert p_{\\theta}(\\mathbf{x}_{t-1}\\mid\\mathbf{x}_{t})) \\\\\n\\mathcal{L}_{0} &= - \\log p_{\\theta}(\\mathbf{x}_{0}\\mid\\mathbf{x}_{1}) ",
        [
            "calL = E_q[calL_T + sum_{t > 1} calL_{t-1} + calL_0]",
            "calL_T = KL[q(x_T|x_0) || p(x_T)]",
            "calL_{t-1} = KL[q(x_{t-1}|x_t, x_0) || p_theta(x_{t-1}|x_t)]",
            "calL_0 = -log p_theta(x_0|x_1)",
        ],
    ),
    (
        "survey-0318",
        " \\mathcal{L} = \\mathbb{E}_{t \\sim \\color{red}{p(t)}, \\mathbf{x}_0 \\sim p(\\mathbf{x}_0), \\mathbf{x}_t \\sim p(\\mathbf{x}_t \\mid \\mathbf{x}_0, t)} \\left[ \\color{blue}{w(t)} (\\color{purple}{f(\\mathbf{x}_t, t)} - \\mathbf{x}_0)^2 \\right] .",
        ["calL = E_{t ~ p(t), x_0 ~ p(x_0), x_t ~ p(x_t|x_0, t)}[w(t) (f(x_t, t) - x_0)^2]"],
    ),
    (
        "survey-0319",
        " \\mathcal{L} = \\int_{t_\\min}^{t_\\max} \\color{red}{p(t)} \\color{blue}{w(t)} \\mathbb{E}_{\\mathbf{x}_0 \\sim p(\\mathbf{x}_0), \\mathbf{x}_t \\sim p(\\mathbf{x}_t \\mid \\mathbf{x}_0, t)} \\left[ (\\color{purple}{f(\\mathbf{x}_t, t)} - \\mathbf{x}_0)^2 \\right] \\mathrm{d}t .",
        ["calL = int_{t_min}^{t_max} p(t) w(t) E_{x_0 ~ p(x_0), x_t ~ p(x_t|x_0, t)}[(f(x_t, t) - x_0)^2] dt"],
    ),
    (
        "survey-0377",
        "\\begin{aligned}\n\\mathcal L_{KD}\n={}&\n\\tau^2\\mathbb E_{c\\sim\\mathcal D}\nD_{KL}\\bigl(\n\\operatorname{sg}[p_T^{(\\tau)}(\\cdot\\mid c)]\n\\Vert p_S^{(\\tau)}(\\cdot\\mid c)\n\\bigr)\\\\\n&+\\lambda_{\\mathrm{chart}}\n\\mathbb E_{(c,z)\\sim\\mu}\nD_{KL}\\bigl(\n\\operatorname{sg}[q_T(c,z)]\n\\Vert q_S(c,z)\n\\bigr).\n\\end{aligned}",
        [
            "calL_KD = tau^2 E_{c ~ calD} KL[sg(p_T^{(tau)}(.|c)) || p_S^{(tau)}(.|c)] + lambda_chart E_{(c, z) ~ mu} KL[sg(q_T(c, z)) || q_S(c, z)]"
        ],
    ),
    (
        "survey-0379",
        "\\mathcal{L}(\\theta_S) = \\frac{1}{m}\\sum_{j=1}^m \\tau^2 \\, \\mathrm{KL}\\!\\left(\\sigma\\!\\left(\\tfrac{f_T(x_j)}{\\tau}\\right) \\,\\big\\|\\, \\sigma\\!\\left(\\tfrac{f_S(x_j;\\theta_S)}{\\tau}\\right)\\right),",
        ["calL(theta_S) = 1/m sum_{j=1}^m tau^2 KL[sigma(f_T(x_j) / tau) || sigma(f_S(x_j; theta_S) / tau)]"],
    ),
    (
        "survey-0380",
        "r_{\\rm vadv}\\approx\\arg\\max_{\\lVert r\\rVert\\le\\epsilon}\nD_{\\rm KL}\\!\\left(\\operatorname{sg}[p_\\theta(\\cdot\\mid x)]\n\\parallel p_\\theta(\\cdot\\mid x+r)\\right).",
        ["r_vadv ~= argmax_{||r|| <= epsilon} KL[sg(p_theta(.|x)) || p_theta(.|x + r)]"],
    ),
    (
        "survey-0393",
        "\t\\mathcal{L} = \\mathbb{E}_{\\mathbf{z}_0 \\sim q(\\mathbf{z}_0, \\mathbf{x})} \\left[ \\log p(\\mathbf{x}, \\mathbf{z}_K) - \\log q(\\mathbf{z}_0|\\mathbf{x}) + \\sum_{k=1}^K \\log \\big\\vert 1 + \\mathbf{u}_k^\\intercal h_k^\\prime (\\mathbf{w}_k^\\intercal \\mathbf{z}_{k-1} + b_k) \\mathbf{w}_k \\big\\vert \\right]\n\t\\label{eq: norm flows lower bound 2}",
        [
            "calL = E_{z_0 ~ q(z_0, x)}[log p(x, z_K) - log q(z_0|x) + sum_{k=1}^K log |1 + u_k^T h'_k(w_k^T z_{k-1} + b_k) w_k|]"
        ],
    ),
    (
        "survey-0397",
        "    \\begin{align}\n        \\phi^* = \\arg \\min_\\phi & ~ \\mathrm{KL} \\big( p(x, c) || q_\\phi(x | c) \\, p(c) \\big) \\\\\n        = \\arg \\min_\\phi & ~ \\mathbb{E}_{p(x, c)} \\left[ \\log \\frac{p(x, c)}{q_\\phi(x | c) \\, p(c)} \\right] \\\\\n        = \\arg \\min_\\phi & ~ \\mathbb{E}_{p(x, c)} \\big[ -\\log q_\\phi(x | c) \\big]\n    \\end{align}",
        [
            "phi^* = argmin_phi KL[p(x, c) || q_phi(x|c) p(c)] = argmin_phi E_p(x, c)[log p(x, c) / (q_phi(x|c) p(c))] = argmin_phi E_p(x, c)[-log q_phi(x|c)]"
        ],
    ),
    (
        "survey-0398",
        "    \\begin{align}\n        \\arg \\min_\\phi & ~ \\mathrm{KL} \\big( q_\\phi(x) || p(x) \\big) \\\\\n        = \\arg \\min_\\phi & ~ \\mathbb{E}_{q_\\phi(x)} \\left[ \\log \\frac{q_\\phi(x)}{p(x)} \\right] \\\\\n        = \\arg \\min_\\phi & ~ \\mathbb{E}_{q_\\phi(x)} \\big[ \\log q_\\phi(x) - \\log U(x) \\big]\n    \\end{align}",
        [
            "argmin_phi KL[q_phi(x) || p(x)] = argmin_phi E_{q_phi(x)}[log q_phi(x) / p(x)] = argmin_phi E_{q_phi(x)}[log q_phi(x) - log U(x)]"
        ],
    ),
    (
        "survey-0402",
        "\\mathcal{L}_{\\text{FM}}=\n\\mathbb{E}_{t, x}\n\\left\\|\nu^\\theta_t(x) - u_t(x)\n\\right\\|^2",
        ["calL_FM = E_{t, x} ||u_t^theta(x) - u_t(x)||^2"],
    ),
    (
        "survey-0404",
        "\\mathcal{L}(\\theta) = \\mathbb{E}_{t, (x_0, x_1) \\sim \\gamma, x_t} [\\| v_\\theta(x_t, t) - (x_1 - x_0) \\|^2]",
        ["calL(theta) = E_{t, (x_0, x_1) ~ gamma, x_t}[||v_theta(x_t, t) - (x_1 - x_0)||^2]"],
    ),
    (
        "survey-0406",
        "\\mathcal{L}_{\\text{FM}} = \\mathbb{E}_{t \\sim U[0,1], x_0, x_1}\\left[\\|v_\\theta(x_t, t) - (x_1 - x_0)\\|^2\\right]",
        ["calL_FM = E_{t ~ U(0, 1), x_0, x_1}[||v_theta(x_t, t) - (x_1 - x_0)||^2]"],
    ),
    (
        "survey-0409",
        "\\mathcal{L}_{\\text{CT}} = \\mathbb{E}_{n, \\mathbf{x}_0, \\mathbf{z}}\\left[d(f_\\theta(\\mathbf{x}_{t_{n+1}}, t_{n+1}), f_{\\theta^-}(\\mathbf{x}_{t_n}, t_n))\\right]",
        ["calL_CT = E_{n, x_0, z}[d(f_theta(x_{t_{n+1}}, t_{n+1}), f_{theta^{-}}(x_{t_n}, t_n))]"],
    ),
    (
        "survey-0412",
        "\\mathcal{L}_{\\text{vel}} = \\mathbb{E}\\!\\left[\\left\\|v_\\theta(a_t, t, s, v) - v_{\\theta^-}(a_{t+\\Delta t}, t+\\Delta t, s, v)\\right\\|_2^2\\right]",
        ["calL_vel = E[||v_theta(a_t, t, s, v) - v_{theta^{-}}(a_{t+Deltat}, t + Deltat, s, v)||_2^2]"],
    ),
    (
        "survey-0413",
        "x_t = (1 - t) x_0 + t x_1, \\quad u_t(x_t) = x_1 - x_0, \\quad \\mathcal{L}_{\\text{FM}} = \\mathbb{E}_{t, x_0, x_1}[\\|v_\\theta(x_t, t) - (x_1 - x_0)\\|_2^2]",
        [
            "x_t = (1 - t) x_0 + t x_1",
            "u_t(x_t) = x_1 - x_0",
            "calL_FM = E_{t, x_0, x_1}[||v_theta(x_t, t) - (x_1 - x_0)||_2^2]",
        ],
    ),
    (
        "survey-0449",
        " \\mathcal{L}_{matching} = E_{\\mathbf{x} \\sim p(\\mathbf{x})} \\left[ \\text{ tr}\\left( \\nabla_{\\mathbf{x}}  \\mathcal{F}_{\\theta}(\\mathbf{x})  \\right) + \\frac{1}{2} \\left\\Vert \\mathcal{F}_{\\theta}(\\mathbf{x}) \\right\\lVert_2^2 \\right]\n, ",
        ["calL_matching = E_{x ~ p(x)}[tr(grad_x calF_theta(x)) + 1/2 ||calF_theta(x)||_2^2]"],
    ),
    (
        "survey-0457",
        "\\mathbb{E}_{p_\\text{data}} \\left[\\text{tr}(\\nabla^2_\\mathbf{x} \\log p_\\theta (\\mathbf{x})) + \\frac12 \\lVert \\nabla_\\mathbf{x} \\log p_\\theta (\\mathbf{x}) \\rVert^2_2 \\right] + \\text{const.}",
        ["E_{p_data}[tr(hess_x log p_theta(x)) + 1/2 ||grad_x log p_theta(x)||_2^2] + const"],
    ),
    (
        "survey-0467",
        "& p(x, y, z) = p(x \\mid y, z) p(z) p(y) \\\\\n& p(y) = Cat(y \\mid \\pi_0), \\pi_0 = (1/10, \\dots, 1/10) \\\\\n& p(z) = \\mathcal N(z \\mid 0, I) \\\\\n& p(x \\mid y, z) = \\prod_{i=1}^D p_i(y, z)^{x_i} (1 - p_i(y, z))^{1 - x_i}",
        [
            "p(x, y, z) = p(x|y, z) p(z) p(y)",
            "p(y) = Cat(y|pi_0)",
            "pi_0 = (1/10, ..., 1/10)",
            "p(z) = Normal(z|0, I)",
            "p(x|y, z) = prod_{i=1}^D p_i(y, z)^{x_i} (1 - p_i(y, z))^{1-x_i}",
        ],
    ),
    (
        "survey-0468",
        "\\mathcal L(X, y) = \\sum_{i \\in P} \\mathbb E_{q(z_i \\mid y_i, x_i)} \\log \\frac{p(x_i, y_i \\mid z_i) p(z_i)}{q(z_i \\mid y_i, x_i)} + \\sum_{i \\notin P} \\mathbb E_{q(y_i \\mid x_i)} \\mathbb E_{q(z_i \\mid y_i, x_i)} \\log \\frac{p(x_i, y_i \\mid z_i) p(z_i)}{q(z_i \\mid y_i, x_i) q(y_i \\mid x_i)}",
        [
            "calL(X, y) = sum_{i in P} E_{q(z_i|y_i, x_i)} log p(x_i, y_i|z_i) p(z_i) / q(z_i|y_i, x_i) + sum_{i notin P} E_{q(y_i|x_i)} E_{q(z_i|y_i, x_i)} log p(x_i, y_i|z_i) p(z_i) / (q(z_i|y_i, x_i) q(y_i|x_i))"
        ],
    ),
    (
        "survey-0472",
        "\\mathcal{J} = \n    \\sum_{{\\bf x} \\in \\mathcal{D}_{unlabelled}} \\big[\n        \\sum_y q_\\phi(y|{\\bf x})(\\mathcal{L}({\\bf x}, y)) - \\mathcal{H}(q_\\phi(y|{\\bf x}))\n    \\big]\n    + \\sum_{({\\bf x},y) \\in \\mathcal{D}_{labelled}} \\big[\n        \\mathcal{L}({\\bf x},y) - \\alpha \\log q_\\phi(y|{\\bf x}) \n    \\big] \\\\\n    \\tag{9}",
        [
            "calJ = sum_{x in calD_unlabelled} (sum_y q_phi(y|x) calL(x, y) - H(q_phi(y|x))) + sum_{(x, y) in calD_labelled} (calL(x, y) - alpha log q_phi(y|x))"
        ],
    ),
    (
        "survey-0483",
        "\\mathcal{L}_{\\text{rep}}(\\phi) = \\max\\left(1,\\; \\text{KL}\\left[ q_\\phi(z_t \\mid h_t, x_t) \\;\\|\\; \\text{sg}(p_\\phi(z_t \\mid h_t)) \\right] \\right)",
        ["calL_rep(phi) = max(1, KL[q_phi(z_t|h_t, x_t) || sg(p_phi(z_t|h_t))])"],
    ),
    (
        "survey-0494",
        "\\mathcal{L} = \\sum_{t=1}^{T} \\Big[ \\underbrace{\\mathbb{E}_{q_\\phi} \\log p_\\theta(\\mathbf{x}_t \\mid \\mathbf{x}_{1:t-1}, \\mathbf{z}_{1:t})}_{\\text{= L2 重建 loss（} p_\\theta \\text{ 是固定方差高斯）}} - \\underbrace{\\beta\\, D_{KL}(q_\\phi(\\mathbf{z}_t|\\mathbf{x}_{1:t}) \\| p_\\psi(\\mathbf{z}_t|\\mathbf{x}_{1:t-1}))}_{\\text{KL：拉近 posterior 與 learned prior}} \\Big]",
        [
            'calL = sum_{t=1}^T (underbrace(E_{q_phi} log p_theta(x_t|x_{1:t-1}, z_{1:t}), "= L2 重建 loss（ p_theta 是固定方差高斯）") - underbrace(beta KL[q_phi(z_t|x_{1:t}) || p_psi(z_t|x_{1:t-1})], "KL：拉近 posterior 與 learned prior"))'
        ],
    ),
    (
        "survey-0502",
        "p(x,z) = \\prod_{t=1}^{T} \\left[ p_\\theta(x_t | z_{\\le t, 1:L}, x_{<t}) \\prod_{l=1}^{L} p_\\theta(z_{t,l} | z_{t, <l}, x_{<t}, z_{<t, 1:L}) \\right]",
        [
            "p(x, z) = prod_{t=1}^T (p_theta(x_t|z_{<=t, 1:L}, x_{<t}) prod_{l=1}^L p_theta(z_{t, l}|z_{t, <l}, x_{<t}, z_{<t, 1:L}))"
        ],
    ),
    (
        "survey-0505",
        "L_{\\text{world model}} = -\\sum_{t=1}^{T}\\sum_{i=1}^{n} \\log p\\big(z_{t,i} \\mid \\mathbf{z}_{<t},\\; z_{t,j<i},\\; \\mathbf{c}_{\\leq t},\\; \\mathbf{a}_{<t}\\big)",
        ["L_worldmodel = -sum_{t=1}^T sum_{i=1}^n log p(z_{t, i}|z_{<t}, z_{t, j < i}, c_{<=t}, a_{<t})"],
    ),
    (
        "survey-0506",
        "\\begin{aligned}\n\\text{posterior: } & q_\\theta(s_t \\mid s_{t-1}, a_{t-1}, o_t) \\\\\n\\text{prior: } & p_\\theta(s_t \\mid s_{t-1}, a_{t-1}) \\\\\n\\text{reward: } & p_\\theta(r_t \\mid s_t)\n\\end{aligned}",
        ["q_theta(s_t|s_{t-1}, a_{t-1}, o_t)", "p_theta(s_t|s_{t-1}, a_{t-1})", "p_theta(r_t|s_t)"],
    ),
    (
        "survey-0512",
        "    \\mathcal{F}_E = - \\sum_{t=1}^T \\mathbb{E}_{\\prod_{\\tau=1}^{t-1} q(\\mathbf{z}_\\tau | \\mathbf{x}_{1:\\tau} , \\mathbf{z}_{1:\\tau-1})} \\left[ \\mathbb{E}_{q(\\mathbf{z}_t | \\mathbf{x}_{1:t} , \\mathbf{z}_{1:t-1})} \\left[ C_t \\right] \\right].",
        [
            "calF_E = -sum_{t=1}^T E_{prod_{tau=1}^{t-1} q(z_tau|x_{1:tau}, z_{1:tau-1})}[E_q(z_t|x_{1:t}, z_{1:t-1})[C_t]]"
        ],
    ),
    (
        "survey-0517",
        "p(y_{1:T}; \\theta) \n&= \\prod_{t=1}^T p(y_t \\mid y_{1:t-1}; \\theta) \\\\\n&= \\prod_{t=1}^T \\int \\mathrm{N}(y_t \\mid h(z_t), R) \\, p(z_t \\mid y_{1:t-1}; \\theta) \\, \\mathrm{d}z_t \\\\\n&\\approx \\prod_{t=1}^T \\int \\mathrm{N}(y_t \\mid h(z_t), R) \\, \\mathrm{N}(z_t \\mid \\mu_{t|t-1}, \\Sigma_{t|t-1}) \\, \\mathrm{d}z_t",
        [
            "p(y_{1:T}; theta) = prod_{t=1}^T p(y_t|y_{1:t-1}; theta) = prod_{t=1}^T int N(y_t|h(z_t), R) p(z_t|y_{1:t-1}; theta) dz_t ~= prod_{t=1}^T int N(y_t|h(z_t), R) N(z_t|mu_{t|t-1}, Sigma_{t|t-1}) dz_t"
        ],
    ),
    (
        "survey-0110",
        "\\begin{align*}\n&\\text{log}\\ p_{\\theta}(x) \\ge \\text{variational lower bound} \\\\\n\\Rightarrow &\\text{log}\\ p_{\\theta}(x) \\ge \\mathbb{E}_{q_{\\phi}(z|x)}[\\text{log}\\ p_{\\theta}(x|z)] \\ - \\ D_{KL}(q_{\\phi}(z|x) \\parallel\tp_{\\theta}(z)) \\tag{6}\n\\end{align*}",
        [
            "log p_theta(x) >= variationalLowerBound",
            "log p_theta(x) >= E_{q_phi(z|x)}[log p_theta(x|z)] - KL[q_phi(z|x) || p_theta(z)]",
        ],
    ),
    (
        "survey-0455",
        "J_{\\mathrm{D}}(\\theta) = \\frac{1}{T} \\sum_{t=1}^T p(t) \\mathbb{E}_{\\mathbf{x}(0),\\ \\mathbf{x}(t)}  \\left[ \\vert\\vert \\mathbf{s}_{\\theta}(\\mathbf{x}(t), t) - \\color{blue}{\\nabla_{\\mathbf{x}(t)} \\log p(\\mathbf{x}(t)\\vert \\mathbf{x}(0))} \\vert\\vert^2 \\right]",
        ["J_D(theta) = 1/T sum_{t=1}^T p(t) E_{x(0), x(t)}[||s_theta(x(t), t) - grad_{x(t)} log p(x(t)|x(0))||^2]"],
    ),
]

FORMULAS = [*FAMILIES, *PROGRAMS, *SURVEY]
