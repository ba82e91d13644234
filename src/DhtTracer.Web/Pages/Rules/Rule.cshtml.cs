using DhtTracer.Analysis.Lint;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Rules;

/// <summary>The documentation of one rule.</summary>
internal sealed class RuleModel : PageModel
{
    public LintRule Rule { get; private set; } = null!;

    /// <summary>Shows the rule of an id such as <c>DHT003</c>, whatever its case.</summary>
    public IActionResult OnGet(string id)
    {
        if (LintRules.Find(id) is not { } rule)
        {
            return NotFound();
        }

        Rule = rule;
        return id == rule.Id ? Page() : RedirectPermanent($"/rules/{rule.Id}");
    }
}
