using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages;

public sealed class AboutPageTests
{
    [Fact]
    public async Task The_page_shows_the_version_of_the_build_and_its_commit()
    {
        await using var site = await Site.StartAsync();
        var page = await site.PageAsync("/about");
        var props = System.Xml.Linq.XDocument.Load(Path.Combine(DhtTracer.TestSupport.TestFiles.Repository, "Directory.Build.props"));
        Assert.Equal(props.Descendants("Version").Single().Value, page.GetElementById("version")!.TextContent);
        Assert.Matches("^([0-9a-f]{40}|–)$", page.GetElementById("commit")!.TextContent);
    }
}
