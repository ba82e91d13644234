using System.Globalization;

namespace DhtTracer.Web.Text;

/// <summary>P-values as pages and the command line write them.</summary>
internal static class PValueText
{
    /// <summary>Three decimals; smaller ones are said to be so.</summary>
    public static string Of(double value) => value < 0.001 ? "< 0.001" : value.ToString("0.000", CultureInfo.InvariantCulture);
}
