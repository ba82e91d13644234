using System.Globalization;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Assets;

public sealed class PhaseColoursTests
{
    [Fact]
    public async Task The_site_and_the_exports_have_one_set_of_colours()
    {
        await using var site = await Site.StartAsync();
        var address = (await site.PageAsync("/queries")).QuerySelector("link[rel=stylesheet]")!.GetAttribute("href")!;
        var css = await site.Client.GetStringAsync(new Uri(address, UriKind.Relative));
        Assert.All(
            PhaseColours.All,
            colour => Assert.Contains($"--{colour.Name}: light-dark({colour.Light}, {colour.Dark})", css, StringComparison.Ordinal)
        );
    }

    // WCAG 2.2, 1.4.11. What is paler has an edge of its own.
    [Theory]
    [InlineData("queued")]
    [InlineData("dialing")]
    [InlineData("request")]
    [InlineData("silent-edge")]
    public void A_colour_that_stands_alone_can_be_seen_against_its_background(string name)
    {
        var colour = PhaseColours.All.Single(candidate => candidate.Name == name);
        Assert.InRange(Contrast(colour.Light, "#ffffff"), 3, 21);
        Assert.InRange(Contrast(colour.Dark, "#0e1318"), 3, 21);
    }

    private static double Contrast(string one, string other)
    {
        var (a, b) = (Luminance(one), Luminance(other));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(string hex)
    {
        double Channel(int at)
        {
            var value = int.Parse(hex.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
        }

        return (0.2126 * Channel(1)) + (0.7152 * Channel(3)) + (0.0722 * Channel(5));
    }
}
